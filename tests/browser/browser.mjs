// The control unit's pages in a real browser, as somebody without a mouse, on a small screen, with other colours, or
// without JavaScript meets them. axe finds a part of what WCAG asks for; the rest is for people (tests/README.md).
//
//   node browser.mjs LINK [FOLDER]     LINK: what `tidvakt demo` prints; FOLDER: where screenshots go
import assert from 'node:assert/strict';
import { colours, enter, origin, patience, shoot, wellFormed } from './desk.mjs';
import * as journeys from './journeys.mjs';

const began = Date.now();
const { open, stranger, close } = await enter();
let checks = 0;

// The demo needs a moment until there is something to see: two open cases with a hold.
const heldCase = () => open(async page => {
  for (const until = Date.now() + patience; ; await page.waitForTimeout(1_000)) {
    assert.ok(Date.now() < until, 'no cases with a hold came in time');
    await page.goto(`${origin}/sv/cases?grade=hold`);
    const links = page.locator('table.queue tbody th a');
    if (2 <= await links.count()) return (await links.first().getAttribute('href')).split('/').pop();
  }
});
await heldCase();

// Alerts come while the demo is young, so what waits for them comes first.
const { news, keyboard, oneOfSeveral, exception, withoutScript, scriptLost, forgedForm, noSession } = journeys;
for (const journey of [news, keyboard, oneOfSeveral, exception, withoutScript, scriptLost, forgedForm, noSession]) {
  const from = Date.now();
  checks += await journey({ open, stranger });
  console.log(`${journey.name}: ${((Date.now() - from) / 1_000).toFixed(1)} s`);
}

const paths = {
  queue: 'cases', filtered: 'cases?grade=hold&about=carer', empty: 'cases?search=nobody-at-all',
  'below-budget': 'cases?status=below_budget',
  case: `cases/${await heldCase()}`, missing: 'cases/0000:carer:x:2026-01', unknown: 'no-such-page/at-all',
  ongoing: 'ongoing', 'ongoing-empty': 'ongoing?provider=nobody',
  providers: 'providers', 'providers-empty': 'providers?month=2020-01',
  outcomes: 'outcomes', statement: 'accessibility',
};
const visited = Date.now();
// Every page in both languages; colours and motion do not depend on the language.
for (const [scheme, languages, options] of [
  ['light', ['sv', 'en'], {}], ['dark', ['sv'], { colorScheme: 'dark' }], ['forced', ['sv'], { forcedColors: 'active' }]]) {
  await open(async page => {
    for (const language of languages) {
      for (const [name, path] of Object.entries(paths)) {
        const answer = await page.goto(`${origin}/${language}/${path}`);
        assert.equal(answer.status(), ['missing', 'unknown'].includes(name) ? 404 : 200, path);
        assert.equal(await page.locator('html').getAttribute('lang'), language, `${name} says its language`);
        await wellFormed(page, `${name} ${language} ${scheme}`, scheme === 'light' ? undefined : colours);
        if (language === 'sv') await shoot(page, `${name}-${scheme}`);
        if (name === 'case' && language === 'sv') await shoot(page, `case-whole-${scheme}`, true);
        checks += 1;
      }
    }
  }, options);
}

console.log(`pages: ${((Date.now() - visited) / 1_000).toFixed(1)} s`);

// A screen of 320 px, a page of twice the size, text alone of twice the size: nothing has to be scrolled sideways but
// drawings and wide tables, in their own frames.
for (const [name, options, style] of [
  ['small', { viewport: { width: 320, height: 640 } }],
  ['zoomed', { viewport: { width: 640, height: 450 }, deviceScaleFactor: 2 }],
  ['large-text', { viewport: { width: 1280, height: 900 } }, 'html { font-size: 200%; }']]) {
  await open(async page => {
    for (const [of, path] of Object.entries(paths)) {
      await page.goto(`${origin}/sv/${path}`);
      if (style) await page.addStyleTag({ content: style });
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      assert.ok(width <= options.viewport.width, `${of}: ${width} px wide at ${options.viewport.width} px (${name})`);
      await shoot(page, `${of}-${name}`);
      checks += 1;
    }
  }, options);
}

await close();
console.log(`${checks} checks in a real browser passed in ${Math.round((Date.now() - began) / 1_000)} s`);
