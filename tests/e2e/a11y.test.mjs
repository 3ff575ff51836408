// The page for everybody: axe-core on every page, size and colour scheme; by keyboard alone; with little motion.
// Leaves pictures in out/; with WAAFT_WRITE_DOCS=1 the README's picture goes into docs/ too.
import assert from 'node:assert/strict';
import { copyFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { createRoom } from '../support/rest.mjs';
import { fitsTheScreen, hasNoViolations, longestMotion, tabTo } from './support/a11y.mjs';
import { openChromium, outFolder } from './support/chromium.mjs';
import { pictureMoves, tileOf } from './support/media.mjs';
import { openScene } from './support/scene.mjs';
import { eventually } from './support/wait.mjs';

const sizes = [{ width: 390, height: 844 }, { width: 820, height: 1180 }, { width: 1440, height: 900 }, { width: 844, height: 390 }];
const docs = join(outFolder, '..', '..', '..', 'docs');

async function everySizeAndScheme(person, what) {
  const { page } = person;
  for (const size of sizes) {
    await page.setViewportSize(size);
    for (const colorScheme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme });
      const label = `${what}-${size.width}-${colorScheme}`;
      await page.screenshot({ path: join(outFolder, `${label}.png`), animations: 'disabled' });
      await fitsTheScreen(page, label);
      await hasNoViolations(page, label);
    }
  }
}

test('every page, at four sizes, light and dark', async (t) => {
  const { server, origin, step, person } = await openScene(t);
  const [ann, bob] = [await person('Ann'), await person('Bob')];

  await step('the start page', async () => {
    await ann.open(origin);
    await everySizeAndScheme(ann, 'start');
    await ann.page.getByText('More options').click();
    await everySizeAndScheme(ann, 'start-options');
  });

  await step('the lobby, with a picture and with a password', async () => {
    await ann.start(origin);
    await bob.open(ann.link);
    await pictureMoves(bob, '.preview');
    await everySizeAndScheme(bob, 'lobby');
    const { room } = await createRoom(server, { kind: 'broadcast', password: 'open sesame' });
    await bob.open(`${origin}/r/${room}`);
    await bob.find('password').waitFor();
    await everySizeAndScheme(bob, 'lobby-password');
  });

  await step('the room with the chat', async () => {
    await bob.join(ann.link);
    await bob.say('Look at https://example.org/, it is short.');
    await ann.say('I read it on the train.');
    await pictureMoves(ann, tileOf(bob.id));
    await everySizeAndScheme(ann, 'room-chat');
  });

  await step('the room with the people, managed by the host', async () => {
    await ann.page.setViewportSize(sizes[2]);
    await ann.openPanel('people');
    await ann.click(`manage-${bob.id}`);
    await everySizeAndScheme(ann, 'room-people');
  });

  await step('a broadcast, before and after going live, for the host and for who watches', async () => {
    const [host, viewer] = [await person('Host'), await person('Viewer')];
    await host.start(origin, { kind: 'broadcast' });
    await viewer.join(host.link);
    for (const [one, what] of [[host, 'host'], [viewer, 'viewer']]) await everySizeAndScheme(one, `not-live-${what}`);
    await host.click('go-live');
    await pictureMoves(viewer, tileOf(host.id));
    await everySizeAndScheme(host, 'live-host');
    for (const one of [viewer, host]) await one.leave();
  });

  await step('the dialogs', async () => {
    await ann.page.setViewportSize(sizes[2]);
    await ann.click('share');
    await everySizeAndScheme(ann, 'share');
    await ann.page.getByRole('button', { name: 'Close', exact: true }).click();
    await ann.page.setViewportSize(sizes[2]);
    await ann.click('devices');
    await everySizeAndScheme(ann, 'devices');
    await ann.page.getByRole('button', { name: 'Close', exact: true }).click();
  });

  await step('a room that waits for the server', async () => {
    await server.kill();
    await ann.find('reconnecting').first().waitFor();
    await everySizeAndScheme(ann, 'reconnecting');
    await server.restart();
    await ann.isConnected();
  });

  await step('pages of failure', async () => {
    await bob.leave();
    await everySizeAndScheme(bob, 'left');
    await bob.open(`${origin}/r/never-made`);
    await bob.failurePage('room_unknown');
    await everySizeAndScheme(bob, 'room-unknown');
    const refused = await person('Refused', { devices: false });
    await refused.join(ann.link);
    await refused.page.getByTestId('device-failure').first().waitFor();
    await everySizeAndScheme(refused, 'no-permission');
  });
});

test('by keyboard alone', async (t) => {
  const { origin, step, person } = await openScene(t);
  const ann = await person('Ann');
  const { page } = ann;
  const press = (key) => page.keyboard.press(key);

  await step('a room is made', async () => {
    await ann.open(origin);
    await tabTo(page, 'name');
    await page.keyboard.type('Ann');
    await tabTo(page, 'start');
    await press('Enter');
    await ann.inRoom();
  });

  await step('the chat is opened and a message sent', async () => {
    await tabTo(page, 'chat-toggle');
    await press('Enter');
    await ann.find('chat-input').waitFor();
    await page.waitForFunction(() => document.activeElement?.dataset.testid === 'chat-input');
    await page.keyboard.type('Typed, not clicked');
    await press('Enter');
    await ann.reads(['Typed, not clicked']);
  });

  await step('the camera is turned off by its key, which is not for who is writing', async () => {
    await page.keyboard.type('mvc');
    assert.equal(await ann.find('chat-input').inputValue(), 'mvc');
    await tabTo(page, 'leave');
    await press('v');
    await page.locator('[data-testid="cam-toggle"][data-on="false"]').waitFor();
  });

  await step('the same key counts on a Cyrillic keyboard', async () => {
    await page.evaluate(() => document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { key: 'м', code: 'KeyV', bubbles: true })));
    await page.locator('[data-testid="cam-toggle"][data-on="true"]').waitFor();
  });

  await step('single keys can be switched off, which is kept', async () => {
    const flip = async () => {
      await tabTo(page, 'devices');
      await press('Enter');
      await tabTo(page, 'shortcuts');
      await press('Space');
      await press('Escape');
      await ann.find('shortcuts').waitFor({ state: 'detached' });
    };
    await flip();
    await ann.reload();
    await ann.inRoom();
    await page.locator('[data-testid="cam-toggle"][data-on="true"]').waitFor();
    await press('v');
    await press('c');
    await flip();
    assert.equal(await ann.find('chat-toggle').getAttribute('aria-expanded'), 'false');
    await press('v');
    await page.locator('[data-testid="cam-toggle"][data-on="false"]').waitFor();
  });

  await step('a dialog keeps the focus, closes by Escape and gives the focus back', async () => {
    await tabTo(page, 'share');
    await press('Enter');
    await ann.find('room-link').waitFor();
    for (let presses = 0; presses < 8; presses++) {
      await press('Tab');
      assert.ok(await page.evaluate(() => document.activeElement === document.body || document.activeElement.closest('dialog') !== null));
    }
    await press('Escape');
    await ann.find('room-link').waitFor({ state: 'detached' });
    await page.locator('[data-testid="share"]:focus').waitFor();
  });

  await step('leaving, and coming back through the lobby', async () => {
    await tabTo(page, 'leave');
    await press('Enter');
    await ann.failurePage('left');
    await tabTo(page, 'way-lobby');
    await press('Enter');
    await ann.find('join').waitFor();
    await tabTo(page, 'join');
    await press('Enter');
    await ann.inRoom();
  });
});

test('with little motion', async (t) => {
  const { origin, step, person } = await openScene(t);

  await step('nothing moves but the pictures', async () => {
    const calm = await person('Calm', { reducedMotion: 'reduce' });
    await calm.open(origin);
    assert.ok(await longestMotion(calm.page) <= 10, 'the start page is still');
    await calm.start(origin);
    await calm.openPanel('chat');
    assert.ok(await longestMotion(calm.page) <= 10, 'the room is still');
    const usual = await person('Usual');
    await usual.open(origin);
    assert.ok(await longestMotion(usual.page) > 10, 'where motion is welcome there is some');
  });
});

test('a picture for the README', async (t) => {
  const { origin, step, person } = await openScene(t, { camera: { width: 640, height: 360, look: 'teal' } });
  const other = await openChromium(t, { camera: { width: 640, height: 360, look: 'plum' } });

  await step('two people in a room', async () => {
    const ann = await person('Ann', { viewport: sizes[2], colorScheme: 'dark' });
    const ben = await other.person('Ben');
    await ann.start(origin, { roomName: 'monday-call' });
    await ben.join(ann.link);
    await ann.say('Can you hear me?');
    await ben.say('Loud and clear. The picture is good too.');
    await ann.say('All of it from my own little server.');
    await ben.say('Send me the link, my sister wants to join.');
    await eventually('the whole picture', async () => (await pictureMoves(ann, tileOf(ben.id))).width === 640);
    const path = join(outFolder, 'screenshot.png');
    await ann.page.locator('.notice').first().waitFor({ state: 'detached' });
    await ann.page.screenshot({ path, animations: 'disabled' });
    assert.ok(statSync(path).size < 400_000, `${statSync(path).size} bytes`);
    if (process.env.WAAFT_WRITE_DOCS) copyFileSync(path, join(docs, 'screenshot.png'));
  });
});
