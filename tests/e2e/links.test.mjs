// The host's personal links: made, listed, revoked and voided all at once, also by who becomes host later.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { fitsTheScreen, hasNoViolations } from './support/a11y.mjs';
import { outFolder } from './support/chromium.mjs';
import { openScene } from './support/scene.mjs';
import { eventually } from './support/wait.mjs';

const sizes = [{ width: 390, height: 844 }, { width: 844, height: 390 }, { width: 1440, height: 900 }];
const wicked = '<img src=x onerror="document.title=1">';

test('personal links', async (t) => {
  const { origin, step, person } = await openScene(t);
  const [host, bea, cem, heir] = [await person('Host'), await person('Bea'), await person('Cem'), await person('Heir')];
  const items = (one) => one.find('link-list').getByRole('listitem');
  const said = (one, words) => one.find('links-said').getByText(words).waitFor();
  const openLinks = async (one, count) => {
    await one.click('share');
    await one.click('links');
    if (count > 0) await items(one).nth(count - 1).waitFor();
    else await one.page.getByText('There is none.').waitFor();
  };
  const close = (one) => one.page.getByRole('dialog').getByRole('button', { name: 'Close', exact: true }).click();
  const make = async (one, name, role) => {
    const before = await one.find('made-link').count() ? await one.find('made-link').inputValue() : '';
    await one.find('link-name').fill(name);
    await one.find('link-role').selectOption(role);
    await one.click('make-link');
    await eventually('a new link is shown', async () => {
      return await one.find('made-link').count() === 1 && await one.find('made-link').inputValue() !== before;
    });
    return one.find('made-link').inputValue();
  };
  const isVoid = async (one, link) => {
    await one.open('about:blank');
    await one.join(link, { refused: true });
    await one.failurePage('link_revoked');
  };
  const links = [];

  // Nobody goes on air: it is about who may come in.
  await step('are made by the host, and let somebody in under the name that they give', async () => {
    await host.start(origin, { kind: 'broadcast', password: 'open sesame' });
    await openLinks(host, 0);
    links.push(await make(host, wicked, 'viewer'));
    links.push(await make(host, '', 'host'));
    links.push(await make(host, 'Bea', 'speaker'));
    await said(host, 'it is not shown again');
    assert.equal(await items(host).count(), 3);
    await bea.join(links[2]);
    await close(host);
    await host.openPanel('people');
    await host.button('Manage Bea').waitFor();
    await openLinks(host, 3);
  });

  await step('are listed with what they give, to whom and until when, as text', async () => {
    const texts = await items(host).allInnerTexts();
    const has = (index, ...words) => { for (const word of words) assert.ok(texts[index].includes(word), `${word} in ${texts[index]}`); };
    has(0, 'Bea', 'comes in to speak, until ');
    has(1, 'Anybody', 'comes in as host');
    has(2, wicked, 'comes in to watch');
    assert.equal(await host.find('link-list').locator('img').count(), 0);
  });

  await step('can be read at every size, light and dark', async () => {
    for (const size of sizes) {
      await host.page.setViewportSize(size);
      for (const colorScheme of ['light', 'dark']) {
        await host.page.emulateMedia({ colorScheme });
        const label = `links-${size.width}-${colorScheme}`;
        await host.page.screenshot({ path: join(outFolder, `${label}.png`), animations: 'disabled' });
        await fitsTheScreen(host.page, label);
        await hasNoViolations(host.page, label);
      }
    }
    await host.page.emulateMedia({ colorScheme: 'light' });
  });

  await step('are revoked one by one; the focus stays in the list', async () => {
    await host.button('Revoke the link: Anybody, comes in as host').click();
    await said(host, '1 link is void.');
    await items(host).nth(2).getByText('Void').waitFor();
    assert.equal(await items(host).nth(2).getByRole('button').count(), 0);
    await eventually('the focus is at the list', () => host.evaluate(() => document.activeElement.textContent === 'Links so far'));
    await isVoid(cem, links[1]);
  });

  await step('are listed again after the page was loaded anew', async () => {
    await host.reload();
    await host.inRoom();
    await openLinks(host, 3);
    assert.deepEqual(await items(host).evaluateAll((all) => all.map(({ dataset }) => dataset.revoked)), ['false', 'false', 'true']);
    await close(host);
  });

  await step('are seen and voided by who becomes host, after a question; the earlier host sees none', async () => {
    await heir.join(host.link, { password: 'open sesame' });
    await host.openPanel('people');
    await host.button('Manage Heir').click();
    await host.button('Make host').click();
    await host.answer('Hand over');
    await heir.openPanel('people');
    await heir.find('end').waitFor();
    await host.click('share');
    await host.find('room-link').waitFor();
    assert.equal(await host.find('links').count(), 0);
    await openLinks(heir, 3);
    const question = heir.page.getByRole('dialog', { name: 'Void all links?' });
    await heir.click('void-all');
    await question.getByRole('button', { name: 'Cancel' }).click();
    await question.waitFor({ state: 'detached' });
    await heir.click('void-all');
    await hasNoViolations(heir.page, 'the question');
    await question.getByRole('button', { name: 'Void all' }).click();
    await said(heir, '2 links are void.');
    await heir.find('void-all').waitFor({ state: 'detached' });
    assert.equal(await heir.find('link-list').getByText('Void', { exact: true }).count(), 3);
    for (const link of links) await isVoid(cem, link);
  });

  await step('end, and who came in by one stays', async () => {
    await close(heir);
    await heir.button('Manage Bea').waitFor();
    await bea.isConnected();
  });
});
