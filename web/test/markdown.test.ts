// What an answer can put into the page: nothing that loads, nothing that runs.
import { describe, expect, it } from 'vitest';
import { toHtml } from '../src/lib/markdown';

/** Elements and attributes by which a page loads or runs something. */
const LOADS =
  /<(?:img|script|iframe|object|embed|link|style|video|audio|source|svg|form|meta|base|image|input\s+type="image")\b/i;
const ATTRIBUTES = /<[^>]*\s(?:src|srcset|style|background|on\w+)\s*=/i;

const HOSTILE = [
  '![x](https://evil.example/a.png)',
  '![x][ref]\n\n[ref]: https://evil.example/a.png "title"',
  '[![x](https://evil.example/a.png)](https://evil.example)',
  '![a ![b](https://evil.example/b.png)](https://evil.example/a.png)',
  '![x](https://evil.example/a.png "a \\" onerror=alert(1) ")',
  '<img src=https://evil.example/a.png onerror=alert(1)>',
  '<script src="https://evil.example/a.js"></script>',
  '<iframe src="https://evil.example"></iframe>',
  '<svg onload=alert(1)><image href="https://evil.example/a.png"/></svg>',
  '<style>@import "https://evil.example/a.css"</style>',
  '<a href="javascript:alert(1)">x</a>',
  '<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>',
  '`<img src=x>`\n\n```html\n<img src="https://evil.example/a.png">\n```',
  '| a |\n|---|\n| ![x](https://evil.example/a.png) |',
  '[^1]\n\n[^1]: ![x](https://evil.example/a.png)',
  'a <!-- <img src=x> --> b',
];

describe('answers as Markdown', () => {
  it.each(HOSTILE)('Demand 14: nothing loads from %s', (text) => {
    const html = toHtml(text);
    expect(html).not.toMatch(LOADS);
    expect(html).not.toMatch(ATTRIBUTES);
  });

  it.each([
    '[x](javascript:alert(1))',
    '[x](data:text/html,hi)',
    '[x](vbscript:x)',
    '<javascript:alert(1)>',
    '[x]( javascript&#58;alert(1))',
  ])('Demand 14: %s is no link that runs', (text) =>
    expect(toHtml(text)).not.toMatch(/href="\s*(?:javascript|data|vbscript)/i),
  );

  it('names an image instead of loading it', () => {
    expect(toHtml('![a cat](https://example.org/cat.png)')).toContain(
      '<span data-image="https://example.org/cat.png">a cat</span>',
    );
  });

  it('keeps what Markdown is for', () => {
    const html = toHtml(
      '# T\n\n**b** `c` ~~d~~\n\n- [x] e\n\n| a |\n|---|\n| 1 |\n\n```js\nf()\n```\n\nhttps://example.org',
    );
    for (const part of [
      '<h1>',
      '<strong>',
      '<code>',
      '<del>',
      '<table>',
      'language-js',
      'href="https://example.org"',
    ]) {
      expect(html).toContain(part);
    }
  });
});
