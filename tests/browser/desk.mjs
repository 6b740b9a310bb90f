// The browser, its session at the control unit's desk, and what every page is checked by.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const tools = createRequire(`${process.env.BROWSER_TOOLS}/package.json`);
const { chromium } = tools('playwright-core');
const axe = readFileSync(tools.resolve('axe-core/axe.min.js'), 'utf8');
export const [link, folder] = process.argv.slice(2);
export const { origin } = new URL(link);
export const patience = 60_000;

// The link works once: its cookie is shared by all that follows.
export async function enter() {
  if (folder) mkdirSync(folder, { recursive: true });
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox'],
  });
  const first = await browser.newContext();
  const entered = await first.newPage();
  await entered.goto(link);
  assert.equal(new URL(entered.url()).pathname, '/sv/cases', 'the link leads to the cases');
  const cookies = await first.cookies();
  assert.ok(cookies[0].httpOnly && cookies[0].sameSite === 'Strict', 'the cookie is closed to scripts and other sites');
  await first.close();

  // A page without a session, for as long as `visit` takes.
  async function stranger(visit, options = {}) {
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, bypassCSP: true, ...options });
    const page = await context.newPage();
    page.setDefaultTimeout(patience);
    page.on('request', request => {
      const url = request.url();
      assert.ok(url.startsWith(origin) || url.startsWith('data:'), `a request to elsewhere: ${url}`);
    });
    page.on('dialog', dialog => assert.fail(`a dialog: ${dialog.message()}`));
    page.on('pageerror', error => assert.fail(`a script failed: ${error}`));
    try {
      return await visit(page, context);
    } finally {
      await context.close();
    }
  }

  // The same with the session.
  const open = (visit, options) => stranger(async (page, context) => {
    await context.addCookies(cookies);
    return visit(page, context);
  }, options);
  return { open, stranger, close: () => browser.close() };
}

const everything = { type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'] };
// What depends on the colours.
export const colours = { type: 'rule', values: ['color-contrast', 'link-in-text-block'] };

// axe finds nothing.
export async function wellFormed(page, name, runOnly = everything) {
  await page.evaluate(axe);
  const found = await page.evaluate(runOnly => globalThis.axe.run(document, { runOnly }), runOnly);
  const faults = found.violations.map(one => `${one.id}: ${one.help}\n  ${one.nodes.map(node => node.html).join('\n  ')}`);
  assert.equal(faults.length, 0, `${name}:\n${faults.join('\n')}`);
}

export async function shoot(page, name, fullPage = false) {
  if (folder) await page.screenshot({ path: `${folder}/${name}.png`, fullPage });
}
