/**
 * Answers as Markdown, safe by construction.
 *
 * micromark escapes raw HTML and drops dangerous links (`javascript:` and the like). On top of that no image element is
 * ever written: an image in an answer would tell its host that, and when, it was read. A chunk of its own, loaded with
 * the first answer.
 */
import { micromark } from 'micromark';
import { gfmAutolinkLiteral, gfmAutolinkLiteralHtml } from 'micromark-extension-gfm-autolink-literal';
import { gfmStrikethrough, gfmStrikethroughHtml } from 'micromark-extension-gfm-strikethrough';
import { gfmTable, gfmTableHtml } from 'micromark-extension-gfm-table';
import { gfmTaskListItem, gfmTaskListItemHtml } from 'micromark-extension-gfm-task-list-item';

/** What GitHub adds to Markdown, but for footnotes: no answer has been seen with one, and they are heavy. */
const extensions = [gfmAutolinkLiteral(), gfmStrikethrough(), gfmTable(), gfmTaskListItem()];
const htmlExtensions = [gfmAutolinkLiteralHtml(), gfmStrikethroughHtml(), gfmTableHtml(), gfmTaskListItemHtml()];

/** The one form in which micromark writes an image; raw HTML is escaped, so nothing else can look like it. */
const IMAGE = /<img src="([^"]*)" alt="([^"]*)"(?: title="[^"]*")? \/>/g;

/** HTML whose elements load nothing: an image becomes a `span` that names its address. */
export function toHtml(markdown: string): string {
  const html = micromark(markdown, { extensions, htmlExtensions });
  return html.replace(IMAGE, '<span data-image="$1">$2</span>');
}
