/**
 * An answer as elements: the HTML of `lib/markdown.ts` is parsed in an inert document and rebuilt from a list of known
 * elements, so nothing but what is named here can reach the page.
 */
import { h, type ComponentChild } from 'preact';
import { useMemo } from 'preact/hooks';
import { toHtml } from '../lib/markdown';
import { t } from '../i18n';
import { Icon } from './icons';
import { copyText } from './parts';

const PLAIN = new Set(
  'p br hr em strong del blockquote ul ol li code h1 h2 h3 h4 h5 h6 thead tbody tr th td sup section span'.split(' '),
);
/** Headings of an answer stand below those of the page. */
const LOWERED: Record<string, string> = { h1: 'h3', h2: 'h4', h3: 'h5', h4: 'h6', h5: 'h6', h6: 'h6' };

export default function Markdown({ text }: { text: string }) {
  const parts = useMemo(() => {
    const parsed = new DOMParser().parseFromString(toHtml(text), 'text/html');
    return children(parsed.body, false);
  }, [text]);
  return <div class="prose">{parts}</div>;
}

function children(node: Node, inLink: boolean): ComponentChild[] {
  return Array.from(node.childNodes, (child) => build(child, inLink));
}

function build(node: Node, inLink: boolean): ComponentChild {
  if (node.nodeType === Node.TEXT_NODE) return node.textContent;
  if (!(node instanceof Element)) return null;
  const tag = node.localName;
  if (tag === 'a') return link(node.getAttribute('href') ?? '', children(node, true), node.textContent ?? '');
  if (tag === 'span' && node.hasAttribute('data-image')) return image(node, inLink);
  if (tag === 'pre') return <Code node={node} />;
  if (tag === 'input') return node.hasAttribute('checked') ? '☑ ' : '☐ ';
  if (tag === 'table') {
    return (
      <div class="scroll-x" tabIndex={0}>
        <table>{children(node, inLink)}</table>
      </div>
    );
  }
  if (tag === 'ol') return <ol start={Number(node.getAttribute('start') ?? 1)}>{children(node, inLink)}</ol>;
  if (tag === 'th' || tag === 'td')
    return h(tag, { align: node.getAttribute('align') ?? undefined }, children(node, inLink));
  return PLAIN.has(tag) ? h(LOWERED[tag] ?? tag, null, children(node, inLink)) : node.textContent;
}

/** Only web and mail addresses are links. The host is in the tooltip and in the name a screen reader hears. */
function link(href: string, inside: ComponentChild[], text: string): ComponentChild {
  const url = URL.canParse(href) ? new URL(href) : null;
  if (!url || !['http:', 'https:', 'mailto:'].includes(url.protocol)) return <span>{inside}</span>;
  const host = url.host === '' ? url.pathname : url.host;
  return (
    <a
      href={url.href}
      target="_blank"
      rel="noopener noreferrer nofollow"
      title={url.href}
      aria-label={t('answer.external', { text, host })}
    >
      {inside}
    </a>
  );
}

function image(node: Element, inLink: boolean): ComponentChild {
  const text = t('answer.image', { text: node.textContent || '…' });
  return inLink ? `[${text}]` : link(node.getAttribute('data-image') ?? '', [`[${text}]`], text);
}

function Code({ node }: { node: Element }) {
  const code = (node.textContent ?? '').replace(/\n$/, '');
  const lang = /language-([\w+#.-]{1,20})/.exec(node.firstElementChild?.className ?? '')?.[1] ?? '';
  return (
    <figure class="code">
      <figcaption>
        <span>{lang}</span>
        <button type="button" class="quiet" aria-label={t('answer.code.copy')} onClick={() => void copyText(code)}>
          <Icon name="copy" size={14} />
          {t('copy.do')}
        </button>
      </figcaption>
      <pre tabIndex={0} aria-label={t('answer.code.lang', { lang: lang || 'text' })} role="region">
        <code>{code}</code>
      </pre>
    </figure>
  );
}
