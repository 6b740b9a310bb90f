// What somebody does at the desk, from the first key to the end. Each journey returns how much it checked.
import assert from 'node:assert/strict';
import { link, origin, patience, shoot, wellFormed } from './desk.mjs';

// Alerts that open are counted beside the list, one by one. The list does not move, the focus stays, and a pause stops
// the count.
export async function news({ open }) {
  return open(async page => {
    await page.goto(`${origin}/sv/cases`);
    await page.locator('input[name=search]').focus();
    const list = await page.locator('main').locator('table.queue, .empty').innerText();
    const counts = await page.evaluate(() => new Promise(resolve => {
      const link = document.querySelector('#news a');
      const seen = [];
      new MutationObserver(() => {
        seen.push(link.textContent);
        if (seen.length === 3) resolve(seen);
      }).observe(link, { childList: true });
    }));
    assert.deepEqual(counts, ['1 nytt larm – visa', '2 nya larm – visa', '3 nya larm – visa']);
    assert.equal(await page.evaluate(() => document.activeElement.name), 'search', 'the focus stays');
    assert.equal(await page.locator('main').locator('table.queue, .empty').innerText(), list, 'the list stays');
    await wellFormed(page, 'a list with news');
    await shoot(page, 'news');
    const pause = page.locator('#news button');
    await pause.click();
    const before = await page.locator('#news a').innerText();
    await page.waitForTimeout(4_000);
    assert.equal(await page.locator('#news a').innerText(), before, 'paused, the count stays');
    await pause.click();
    assert.equal(await pause.getAttribute('aria-pressed'), 'false');
    // The list is read again, and the count begins anew; alerts go on opening meanwhile.
    const link = page.locator('#news a');
    await Promise.all([page.waitForEvent('load'), link.click()]);
    const anew = await link.isVisible() ? Number.parseInt(await link.innerText(), 10) : 0;
    assert.ok(anew < Number.parseInt(before, 10), `${anew} are new beside ${before}`);
    return 6;
  });
}

// Without a mouse: past the navigation, into the first case, to the form, a decision.
export async function keyboard({ open }) {
  return open(async page => {
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
    await meetsTheEye(page, '.saved');
    assert.match(await page.locator('.decide').innerText(), /Granskas av/, 'the page says who has the case');
    // Nothing chosen: the faults are named and lead to their fields.
    await tabTo('the button that saves', () => document.activeElement.textContent.trim() === 'Spara beslutet');
    await page.keyboard.press('Enter');
    await page.locator('.faults').waitFor();
    await meetsTheEye(page, '.faults');
    assert.match(await page.locator('.faults').innerText(), /Välj en åtgärd/);
    await wellFormed(page, 'a form with faults');
    await shoot(page, 'faults');
    if (await page.locator('input[name=all]').count()) {
      await tabTo('the choice of all alerts', () => document.activeElement.matches('input[name=all]'));
      await page.keyboard.press('Space');
    }
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
    await meetsTheEye(page, '.saved');
    await wellFormed(page, 'a decided case');
    await shoot(page, 'decided', true);
    const status = await page.goto(journey).then(() => page.locator('dl.facts').innerText());
    assert.match(status, /Avslutat/, 'the case left the queue');
    return 11;
  });
}

// What the page answers is in sight where it opens, however long it is, and the keyboard goes on from there.
async function meetsTheEye(page, selector) {
  const box = await page.locator(selector).boundingBox();
  assert.ok(0 <= box.y && box.y + box.height <= page.viewportSize().height, `${selector} is out of sight: ${box.y} px`);
  assert.ok(await page.locator(selector).evaluate(one => one === document.activeElement), `${selector} has the focus`);
}

// Sends a form and waits for the page that answers: the one before it may have the same parts.
async function send(page, button) {
  await Promise.all([page.waitForEvent('load'), button.click()]);
}

// Of a case with several alerts, one is decided, and the others stay as they were; without a choice nothing is decided.
export async function oneOfSeveral({ open }) {
  return open(async page => {
    const several = async () => {
      for (const until = Date.now() + patience; ; await page.waitForTimeout(1_000)) {
        assert.ok(Date.now() < until, 'no open case with several holds came in time');
        await page.goto(`${origin}/sv/cases?grade=hold`);
        const links = await page.locator('table.queue tbody tr:has(.more) th a').evaluateAll(all => all.map(one => one.href));
        for (const link of links) {
          await page.goto(link);
          const holds = page.locator('label:has(input[name=alert])');
          if (2 <= await holds.count()) return;
        }
      }
    };
    await several();
    const lines = page.locator('table.lines tbody tr');
    const count = await lines.count();
    assert.equal(await page.locator('input[name=alert]').count(), count, 'each alert can be chosen');
    await lines.first().locator('a').click();
    assert.ok(await page.locator('article.alert:target').isVisible(), 'a line leads to its alert');
    await page.getByLabel('Bekräfta: håll inne tills det är avgjort').check();
    await page.getByLabel('Behöver utredas vidare').check();
    await page.getByLabel('Motivering').fill('Ett av besöken behöver förklaras.');
    await send(page, page.getByRole('button', { name: 'Spara beslutet' }));
    assert.match(await page.locator('.faults').innerText(), /Välj de larm som beslutet gäller/);
    await wellFormed(page, 'a form without a chosen alert');
    await page.locator('input[name=alert]').first().check();
    await send(page, page.getByRole('button', { name: 'Spara beslutet' }));
    await page.locator('.saved').waitFor();
    assert.match(await page.locator('.saved').innerText(), /larm i ärendet är utan beslut/);
    const confirmed = await page.locator('table.lines').getByText('Hålls inne tills det är avgjort').count();
    assert.equal(confirmed, 1, 'one alert is decided');
    await wellFormed(page, 'a case of which one alert is decided');
    await shoot(page, 'one-of-several', true);
    return 8;
  });
}

// An exception needs its rule and a date, is written with the decision, and ends where the alert is opened again.
export async function exception({ open }) {
  return open(async page => {
    await page.goto(`${origin}/sv/cases?grade=review&about=carer`);
    await page.locator('table.queue tbody th a').first().click();
    await page.locator('.decide').waitFor();
    const choices = page.locator('input[name=alert][type=checkbox]');
    if (await choices.count()) await choices.last().check();
    await page.getByLabel('Avsluta utan åtgärd').check();
    await page.getByLabel('Godtagbar förklaring').check();
    await page.getByLabel('Motivering').fill('Brukaren har två hem.');
    await page.locator('details.exception summary').click();
    await page.locator('select[name=except]').selectOption('carer');
    const date = await page.locator('input[name=except_until]').getAttribute('max');
    await page.locator('input[name=except_until]').fill(date);
    await send(page, page.getByRole('button', { name: 'Spara beslutet' }));
    assert.match(await page.locator('.faults').innerText(), /Välj en regel för undantaget/);
    assert.ok(await page.locator('details.exception').evaluate(one => one.open), 'what was asked for is in sight');
    await wellFormed(page, 'an exception without a rule');
    // The rule is the first one of the chosen alert that the form offers.
    const rules = await page.locator('select[name=except_rule] option').evaluateAll(all => all.map(one => one.value));
    for (const rule of rules.slice(1)) {
      await page.locator('select[name=except_rule]').selectOption(rule);
      await send(page, page.getByRole('button', { name: 'Spara beslutet' }));
      if (await page.locator('.saved').count()) break;
    }
    await meetsTheEye(page, '.saved');
    assert.match(await page.locator('.decisions').innerText(), /Brukaren har två hem\. Undantag till/);
    await shoot(page, 'exception', true);
    // The alert may be the only one, or taken back by its exception meanwhile: there is a way back all the same.
    await send(page, page.getByRole('button', { name: /Öppna ärendet igen|öppna larmet igen/ }).first());
    await meetsTheEye(page, '.saved');
    assert.match(await page.locator('.decisions li').first().innerText(), /öppnade ärendet igen/);
    return 7;
  });
}

// Where the page's own script does not come, axe finds nothing: axe itself needs JavaScript.
export async function scriptLost({ open }) {
  return open(async page => {
    await page.route('**/*.js', route => route.abort());
    for (const language of ['sv', 'en']) {
      await page.goto(`${origin}/${language}/cases`);
      assert.equal(await page.locator('#news').isVisible(), false);
      await wellFormed(page, `a list without script, ${language}`);
      await page.locator('table.queue tbody th a').first().click();
      await page.locator('.decide').waitFor();
      await wellFormed(page, `a case without script, ${language}`);
    }
    return 6;
  });
}

// Without JavaScript: the list, the filters, the drawing, and a decision with a fault in it first.
export async function withoutScript({ open }) {
  return open(async page => {
    await page.goto(`${origin}/sv/cases`);
    await page.locator('select[name=grade]').selectOption('hold');
    await page.getByRole('button', { name: 'Visa' }).click();
    await page.waitForURL(/grade=hold/);
    assert.equal(await page.locator('#news').isVisible(), false, 'nothing is offered that cannot work');
    await page.locator('table.queue tbody th a').first().click();
    await page.waitForURL(/\/sv\/cases\/.+/);
    assert.ok(0 < await page.locator('svg').count(), 'the day is drawn');
    await page.locator('details.as-table summary').first().click();
    assert.ok(await page.locator('details.as-table table').first().isVisible(), 'and is there as a table');
    await page.getByRole('button', { name: 'Ta ärendet' }).click();
    await page.locator('.saved').waitFor();
    if (await page.locator('input[name=all]').count()) await page.locator('input[name=all]').check();
    await page.getByLabel('Bekräfta: håll inne tills det är avgjort').check();
    await page.getByRole('button', { name: 'Spara beslutet' }).click();
    assert.match(await page.locator('.faults').innerText(), /Välj ett utfall/);
    assert.ok(await page.getByLabel('Bekräfta: håll inne tills det är avgjort').isChecked(), 'the form keeps what was chosen');
    await page.getByLabel('Behöver utredas vidare').check();
    await page.getByLabel('Motivering').fill('Utföraren är tillfrågad.');
    await page.getByRole('button', { name: 'Spara beslutet' }).click();
    await page.locator('.saved').waitFor();
    assert.match(await page.locator('.decisions').innerText(), /bekräftade att tiden hålls inne/);
    await shoot(page, 'without-script', true);
    await page.locator('.language').click();
    await page.waitForURL(/\/en\/cases\/.+/);
    assert.match(await page.locator('.decisions').innerText(), /confirmed the hold/);
    return 7;
  }, { javaScriptEnabled: false });
}

// A form that did not come from this session decides nothing, and the page says so.
export async function forgedForm({ open }) {
  return open(async page => {
    for (const language of ['sv', 'en']) {
      await page.goto(`${origin}/${language}/cases`);
      await page.locator('table.queue tbody th a').first().click();
      await page.locator('.decide').waitFor();
      const of = page.url();
      const decisions = () => page.locator('.decisions li').count();
      const before = await decisions();
      await page.locator('.decide input[name=token]').evaluateAll(all => all.forEach(one => { one.value = 'forged'; }));
      const [answer] = await Promise.all([
        page.waitForResponse(response => response.request().method() === 'POST'),
        page.locator('.decide button').first().click(),
      ]);
      assert.equal(answer.status(), 403);
      await page.locator('h1').waitFor();
      assert.equal(await page.locator('html').getAttribute('lang'), language);
      await wellFormed(page, `403 ${language}`);
      await shoot(page, `forbidden-${language}`);
      await page.goto(of);
      assert.equal(await decisions(), before, 'nothing is decided');
    }
    return 8;
  });
}

// Who has no session sees nothing, in either language; the link that was used lets nobody in.
export async function noSession({ stranger }) {
  return stranger(async page => {
    for (const language of ['sv', 'en']) {
      assert.equal((await page.goto(`${origin}/${language}/cases`)).status(), 401);
      assert.equal(await page.locator('html').getAttribute('lang'), language);
      await wellFormed(page, `401 ${language}`);
    }
    assert.equal((await page.goto(link)).status(), 403, 'the link is used');
    await wellFormed(page, 'a used link');
    await shoot(page, 'used-link');
    return 8;
  });
}
