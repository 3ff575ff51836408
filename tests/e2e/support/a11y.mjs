// Checks of a page for people who use a keyboard, a screen reader, a telephone, or little motion.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

export async function hasNoViolations(page, what) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run(document, { rules: { 'target-size': { enabled: true } } }));
  const told = violations.map(({ id, help, nodes }) => `${id}: ${help}\n  ${nodes.map(({ html, failureSummary }) => `${html}\n  ${failureSummary}`).join('\n  ')}`);
  assert.equal(violations.length, 0, `${what}:\n${told.join('\n')}`);
}

// Nothing is wider than the screen, and what can be pressed is on it.
export async function fitsTheScreen(page, what) {
  const found = await page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement;
    const outside = [...document.querySelectorAll('button, input, textarea, a')].filter((element) => {
      const { left, right, width } = element.getBoundingClientRect();
      return width > 0 && element.checkVisibility() && (left < -1 || right > clientWidth + 1);
    });
    return { scrollWidth, clientWidth, outside: outside.map((element) => element.outerHTML.slice(0, 160)) };
  });
  assert.ok(found.scrollWidth <= found.clientWidth, `${what} is ${found.scrollWidth} wide on a screen of ${found.clientWidth}`);
  assert.deepEqual(found.outside, [], `${what}: beside the screen`);
}

// Presses Tab until that element has the focus, which must be seen.
export async function tabTo(page, testId) {
  for (let presses = 0; presses < 60; presses++) {
    await page.keyboard.press('Tab');
    const focused = await page.evaluate(() => {
      const element = document.activeElement;
      const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(element);
      return { testId: element.dataset?.testid, seen: (outlineStyle !== 'none' && parseFloat(outlineWidth) > 0) || boxShadow !== 'none' };
    });
    if (focused.testId !== testId) continue;
    assert.ok(focused.seen, `the focus on ${testId} is seen`);
    return;
  }
  assert.fail(`60 presses of Tab do not reach ${testId}`);
}

// The longest transition or animation in milliseconds of anything on the page.
export function longestMotion(page) {
  return page.evaluate(() => {
    const seconds = (list) => list.split(',').map((text) => parseFloat(text) * (text.trim().endsWith('ms') ? 1 : 1000));
    const all = [...document.querySelectorAll('*')].map((element) => getComputedStyle(element));
    return Math.max(...all.flatMap((style) => [
      ...seconds(style.transitionDuration),
      ...(style.animationName === 'none' ? [] : seconds(style.animationDuration)),
    ]));
  });
}
