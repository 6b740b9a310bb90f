// The control unit's pages in a real browser, as somebody without a mouse, on a small screen, with other colours, or
// without JavaScript meets them. axe finds a part of what WCAG asks for; the rest is for people (tests/README.md).
//
//   node browser.mjs LINK [FOLDER]     LINK: what `tidvakt demo` prints; FOLDER: where screenshots go
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const tools = createRequire(`${process.env.BROWSER_TOOLS}/package.json`);
const { chromium } = tools('playwright-core');
const axe = readFileSync(tools.resolve('axe-core/axe.min.js'), 'utf8');
const [link, folder] = process.argv.slice(2);
const origin = new URL(link).origin;
const patience = 60_000;
let checks = 0;

if (folder) mkdirSync(folder, { recursive: true });
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox'],
});

// The link works once: its cookie is shared by all that follows.
const first = await browser.newContext();
const entered = await first.newPage();
await entered.goto(link);
assert.equal(new URL(entered.url()).pathname, '/sv/cases', 'the link leads to the cases');
const cookies = await first.cookies();
assert.ok(cookies[0].httpOnly && cookies[0].sameSite === 'Strict', 'the cookie is closed to scripts and other sites');
await first.close();

async function open(options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, bypassCSP: true, ...options });
  await context.addCookies(cookies);
  const page = await context.newPage();
  page.setDefaultTimeout(patience);
  page.on('request', request => {
    const url = request.url();
    assert.ok(url.startsWith(origin) || url.startsWith('data:'), `a request to elsewhere: ${url}`);
  });
  page.on('dialog', dialog => assert.fail(`a dialog: ${dialog.message()}`));
  return page;
}

async function wellFormed(page, name) {
  await page.evaluate(axe);
  const found = await page.evaluate(() =>
    globalThis.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'] }));
  const told = found.violations.map(one => `${one.id}: ${one.help}\n  ${one.nodes.map(node => node.html).join('\n  ')}`);
  assert.equal(told.length, 0, `${name}:\n${told.join('\n')}`);
  checks += 1;
}

async function shoot(page, name, fullPage = false) {
  if (folder) await page.screenshot({ path: `${folder}/${name}.png`, fullPage });
}

// The demo needs a moment until there is something to see: a case with a hold.
const page = await open();
let href;
for (const until = Date.now() + patience; !href; ) {
  assert.ok(Date.now() < until, 'no case with a hold came in time');
  await page.goto(`${origin}/sv/cases?grade=hold`);
  const cases = page.locator('table.queue tbody th a');
  if (2 <= await cases.count()) href = await cases.first().getAttribute('href');
  else await page.waitForTimeout(1_000);
}
const caseId = href.split('/').pop();
const paths = { queue: 'cases', filtered: 'cases?grade=hold&about=carer', empty: 'cases?search=nobody-at-all',
  case: `cases/${caseId}`, missing: 'cases/0000:carer:x:2026-01', ongoing: 'ongoing', providers: 'providers' };

// Alerts that open are counted beside the list, which does not move, and can be paused.
{
  const page = await open();
  await page.goto(`${origin}/sv/cases`);
  await page.locator('input[name=search]').focus();
  const news = page.locator('#news a');
  await news.waitFor();
  assert.match(await news.innerText(), /^(1 nytt|\d+ nya) larm – visa$/);
  assert.equal(await page.evaluate(() => document.activeElement.name), 'search', 'the focus stays');
  await wellFormed(page, 'a list with news');
  await shoot(page, 'news');
  await page.locator('#news button').click();
  const before = await news.innerText();
  await page.waitForTimeout(3_000);
  assert.equal(await news.innerText(), before, 'paused, the count stays');
  checks += 3;
  await page.context().close();
}

// Every page, in both languages, in every colour scheme.
for (const [scheme, options] of Object.entries({
  light: {}, dark: { colorScheme: 'dark' }, forced: { forcedColors: 'active' }, still: { reducedMotion: 'reduce' } })) {
  const page = await open(options);
  for (const language of ['sv', 'en']) {
    for (const [name, path] of Object.entries(paths)) {
      await page.goto(`${origin}/${language}/${path}`);
      assert.equal(await page.locator('html').getAttribute('lang'), language, `${name} says its language`);
      await wellFormed(page, `${name} ${language} ${scheme}`);
      if (scheme !== 'still' && language === 'sv') await shoot(page, `${name}-${scheme}`, name === 'case');
    }
  }
  await page.context().close();
}

// A small screen, and text of twice the size: nothing has to be scrolled sideways but drawings and tables.
for (const [name, options] of Object.entries({
  small: { viewport: { width: 320, height: 640 } }, large: { viewport: { width: 640, height: 900 }, deviceScaleFactor: 2 } })) {
  const page = await open(options);
  for (const [of, path] of Object.entries(paths)) {
    await page.goto(`${origin}/sv/${path}`);
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(width <= options.viewport.width, `${of}: ${width} px wide at ${options.viewport.width} px`);
    await shoot(page, `${of}-${name}`);
    checks += 1;
  }
  await page.context().close();
}

// Without a mouse: past the navigation, into the first case, to the form, a decision.
{
  const page = await open();
  await page.goto(`${origin}/sv/cases?grade=hold`);
  const focused = () => page.evaluate(() => document.activeElement.textContent.trim());
  const tabTo = async (what, wanted) => {
    for (let at = 0; at < 200; at += 1) {
      await page.keyboard.press('Tab');
      if (await page.evaluate(wanted)) return;
    }
    assert.fail(`the keyboard does not reach ${what}`);
  };
  await page.keyboard.press('Tab');
  assert.equal(await focused(), 'Hoppa till innehållet', 'the first stop leads past the navigation');
  await page.keyboard.press('Enter');
  await tabTo('the first case', () => document.activeElement.matches('table.queue tbody th a'));
  await page.keyboard.press('Enter');
  await page.waitForURL(/\/sv\/cases\/.+/);
  const journey = page.url();
  await tabTo('the button that takes the case', () => document.activeElement.textContent.trim() === 'Ta ärendet');
  await page.keyboard.press('Enter');
  await page.locator('.saved').waitFor();
  assert.match(await page.locator('.decide').innerText(), /Granskas av/, 'the page says who has the case');
  // Nothing chosen: the faults are named and lead to their fields.
  await tabTo('the button that saves', () => document.activeElement.textContent.trim() === 'Spara beslutet');
  await page.keyboard.press('Enter');
  await page.locator('.faults').waitFor();
  assert.match(await page.locator('.faults').innerText(), /Välj en åtgärd/);
  await wellFormed(page, 'a form with faults');
  await shoot(page, 'faults');
  await tabTo('the actions', () => document.activeElement.matches('input[name=action][type=radio]'));
  for (const wanted of ['release', 'uphold', 'dismiss']) {
    await page.keyboard.press('ArrowDown');
    assert.equal(await page.evaluate(() => document.activeElement.value), wanted);
  }
  await tabTo('the outcomes', () => document.activeElement.matches('input[name=outcome]'));
  await page.keyboard.press('Space');
  await tabTo('the reason', () => document.activeElement.matches('textarea[name=reason]'));
  await page.keyboard.type('Utföraren har förklarat besöket.');
  await tabTo('the button that saves', () => document.activeElement.textContent.trim() === 'Spara beslutet');
  await page.keyboard.press('Enter');
  await page.locator('.saved').waitFor();
  assert.match(await page.locator('.decisions').innerText(), /Utföraren har förklarat besöket\./);
  await wellFormed(page, 'a decided case');
  await shoot(page, 'decided', true);
  await page.goto(`${origin}/sv/cases`);
  const status = await page.goto(journey).then(() => page.locator('dl.facts').innerText());
  assert.match(status, /Avslutat/, 'the case left the queue');
  checks += 6;
  await page.context().close();
}

// Without JavaScript the list and the filters work as well.
{
  const page = await open({ javaScriptEnabled: false });
  await page.goto(`${origin}/sv/cases`);
  await page.locator('select[name=grade]').selectOption('hold');
  await page.getByRole('button', { name: 'Visa' }).click();
  assert.match(page.url(), /grade=hold/, 'the filter is in the address');
  await page.locator('table.queue tbody th a').first().click();
  assert.equal(await page.locator('svg').count() > 0, true, 'the day is drawn without JavaScript');
  checks += 2;
  await page.context().close();
}

// Who has no session sees nothing.
{
  const context = await browser.newContext({ bypassCSP: true });
  const page = await context.newPage();
  assert.equal((await page.goto(`${origin}/sv/cases`)).status(), 401);
  await wellFormed(page, 'no access');
  assert.equal((await page.goto(link)).status(), 403, 'the link is used');
  await wellFormed(page, 'a used link');
  await context.close();
}

await browser.close();
console.log(`${checks} checks in a real browser passed`);
