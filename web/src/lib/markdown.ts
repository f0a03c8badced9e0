/**
 * Answers as Markdown, safe by construction.
 *
 * micromark escapes raw HTML and drops dangerous links (`javascript:` and the like). On top of that no image element is
 * ever written: an image in an answer would tell its host that, and when, it was read. A chunk of its own, loaded with
 * the first answer.
 */
import { micromark } from 'micromark';
import { gfm, gfmHtml } from 'micromark-extension-gfm';

/** The one form in which micromark writes an image; raw HTML is escaped, so nothing else can look like it. */
const IMAGE = /<img src="([^"]*)" alt="([^"]*)"(?: title="[^"]*")? \/>/g;

/** HTML whose elements load nothing: an image becomes a `span` that names its address. */
export function toHtml(markdown: string): string {
  const html = micromark(markdown, { extensions: [gfm()], htmlExtensions: [gfmHtml()] });
  return html.replace(IMAGE, '<span data-image="$1">$2</span>');
}
