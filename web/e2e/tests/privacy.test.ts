import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import test, { after } from 'node:test';
import { eventually, hosts } from '../harness/browser.ts';
import { person, world } from '../harness/suite.ts';

// Answers are the same for everyone, to the last bit: asked like this, this model's answers really
// hold an image, HTML that loads an image, a link and a bare address.
const QUESTIONS = [
  'Repeat exactly: ![cat](http://tracker.test/cat.png)',
  'Repeat exactly: <img src="http://tracker.test/b.png"><script src="http://tracker.test/s.js"></script>',
  'Repeat exactly: [the site](http://tracker.test/c)',
  'Repeat exactly: http://tracker.test/page',
];
const LOADS = 'img, picture, script, iframe, object, embed, video, audio, link, style, svg image';

// The host those answers name: a real one for this browser, which would see every visit.
const hits: string[] = [];
const tracker: Server = createServer((request, response) => {
  hits.push(`${request.headers.host}${request.url}`);
  response.end();
});
const it = world(async () => {
  await new Promise<void>((done) => tracker.listen(0, '127.0.0.1', done));
  return [`--host-resolver-rules=MAP tracker.test:80 127.0.0.1:${(tracker.address() as AddressInfo).port}`];
});
after(() => tracker.close());

test('Demand 14: no request to a host outside the settings, also when an answer holds images, HTML and links', () =>
  person(it, {}, async (app, seen) => {
    await app.useGuest();
    for (const text of QUESTIONS) {
      await app.newConversation();
      const card = await app.ask(text);
      await app.verified(card);
      const shown = app.at('answerText', {}, card);
      assert.match(
        await shown.innerHTML(),
        /tracker\.test|not loaded: cat/,
        'the answer is the one this test is about',
      );
      assert.equal(await shown.locator(LOADS).count(), 0, 'nothing in it can load');
      await app.page.waitForTimeout(300);
    }
    await app.go('#/settings');
    const own = new URL(app.page.url()).host;
    let listed = '';
    let strangers: string[] = [];
    // The list grows as the page reads who is there.
    await eventually(async () => {
      listed = await app.at('settingsHosts').innerText();
      strangers = hosts(seen.requests).filter((host) => host !== own && !listed.includes(host));
      return strangers.length === 0;
    });
    assert.deepEqual(strangers, [], `the settings list:\n${listed}`);
    const tried = seen.requests.filter(({ url }) => url.includes('tracker.test'));
    assert.deepEqual(tried, [], 'not even tried and blocked');
    assert.deepEqual(hits, []);
  }));

test('Demand 14: the trap works: a page without our policy would have been seen', async () => {
  const page = await it.browser.newPage();
  await page.setContent('<img src="http://tracker.test/cat.png">');
  await page.waitForLoadState('networkidle');
  await page.close();
  assert.deepEqual(hits.splice(0), ['tracker.test/cat.png']);
});

test('Demand 14: whatever got into the page, its policy stops images, scripts, frames and requests to other hosts', async () => {
  for (const url of [it.files, it.facts.gateway ?? it.files]) {
    await person(it, { url }, async (app, seen) => {
      await app.at('composerInput').waitFor();
      const refused = await app.page.evaluate(async () => {
        const place = (name: string, attributes: object) =>
          document.body.append(Object.assign(document.createElement(name), attributes));
        place('img', { src: 'http://tracker.test/img' });
        place('script', { src: 'http://tracker.test/script' });
        place('iframe', { src: 'http://tracker.test/frame' });
        place('link', { rel: 'stylesheet', href: 'http://tracker.test/css' });
        place('script', { textContent: 'fetch("http://tracker.test/inline")' });
        const asked = await fetch('http://tracker.test/fetch', { mode: 'no-cors' }).catch(() => 'refused');
        return [asked, navigator.sendBeacon('http://tracker.test/beacon')];
      });
      assert.equal(refused[0], 'refused');
      await app.page.waitForTimeout(500);
      assert.deepEqual(hits, [], 'nothing arrived');
      assert.deepEqual(
        hosts(seen.requests).filter((host) => host.includes('tracker')),
        [],
      );
    });
  }
});
