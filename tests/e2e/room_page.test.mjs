// What a room shows beside pictures: levels, who speaks, other devices, the chat's small things, the link, many faces.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { join } from '../support/client.mjs';
import { framesArrive, pictureMoves, soundArrives, tileOf } from './support/media.mjs';
import { readQrCode } from './support/qr.mjs';
import { openScene } from './support/scene.mjs';
import { eventually } from './support/wait.mjs';

const phone = { width: 390, height: 844 };
const onItsSide = { width: 844, height: 390 };

// The bar of a level meter is at rest, and is not: the fake microphone beeps once a second.
const meterMoves = (person, within) => eventually(`the level of ${person.name} moves`, async () => {
  const scale = await person.page.locator(`${within} .meter-fill`).first().evaluate((bar) => new DOMMatrix(getComputedStyle(bar).transform).a);
  return scale > 0.05;
});

test('levels, speakers and devices', async (t) => {
  // Cameras and microphones as Chromium makes them up. The second of the cameras gives depths, no picture for a call.
  const { origin, step, person } = await openScene(t, { devices: false, args: ['--use-fake-device-for-media-stream=device-count=3'] });
  const [ann, bob] = [await person('Ann'), await person('Bob')];

  await step('before going in, the level of the microphone is shown and devices can be chosen', async () => {
    await ann.open(origin);
    await ann.button('Check camera and sound').click();
    await meterMoves(ann, '.preview');
    for (const kind of ['Camera', 'Microphone']) {
      const options = ann.page.getByLabel(kind, { exact: true }).locator('option');
      await eventually(`two of ${kind}`, async () => (await options.count()) >= 2);
    }
  });

  await step('who speaks is highlighted, for both, and not while the microphone is off', async () => {
    await ann.start(origin);
    await bob.join(ann.link);
    await meterMoves(ann, '.bar-mic');
    const highlight = (view, id, on) => view.page.locator(`${tileOf(id)}[data-speaking="${on}"]`).waitFor();
    for (const view of [ann, bob]) await highlight(view, bob.id, true);
    await bob.click('mic-toggle');
    for (const view of [ann, bob]) await highlight(view, bob.id, false);
    await bob.click('mic-toggle');
    await highlight(ann, bob.id, true);
  });

  await step('another camera and microphone take effect in the call, over the same connection', async () => {
    const sent = () => ann.evaluate(() => {
      const [peer] = window.waaft.peers();
      window.firstPeer ??= peer;
      const tracks = peer.getSenders().flatMap(({ track }) => track ?? []);
      return { same: peer === window.firstPeer, devices: Object.fromEntries(tracks.map((track) => [track.kind, track.getSettings().deviceId])) };
    });
    const before = await sent();
    await ann.click('devices');
    for (const [label, kind] of [['Camera', 'video'], ['Microphone', 'audio']]) {
      const picker = ann.page.getByRole('dialog').getByLabel(label, { exact: true });
      const other = await eventually(`another ${label}`, () => picker.locator('option').evaluateAll(
        (options) => options.filter(({ selected }) => !selected).at(-1)?.value));
      await picker.selectOption(other);
      await eventually(`${label} is the other one`, async () => (await sent()).devices[kind] === other);
    }
    assert.ok((await sent()).same);
    assert.notDeepEqual((await sent()).devices, before.devices);
    await ann.button('Close').click();
    await framesArrive(bob);
    await soundArrives(bob);
    await pictureMoves(bob, tileOf(ann.id));
  });
});

test('small things of the chat', async (t) => {
  const { origin, step, person } = await openScene(t);
  const [ann, bob] = [await person('Ann'), await person('Bob')];
  const message = (view, text) => view.find('chat-message').filter({ hasText: text });
  await ann.start(origin);
  await bob.join(ann.link);

  await step('what came while the chat was closed is counted, until it is opened', async () => {
    await bob.say('one');
    await bob.say('two');
    await ann.find('unread').filter({ hasText: /^2$/ }).waitFor();
    await ann.page.getByRole('status').filter({ hasText: '2 new messages in the chat' }).waitFor({ state: 'attached' });
    await ann.page.getByRole('button', { name: 'Chat, 2 unread' }).click();
    await ann.reads(['one', 'two']);
    assert.equal(await ann.find('unread').count(), 0);
    await ann.page.getByRole('log', { name: 'Messages' }).filter({ hasText: 'two' }).waitFor();
  });

  await step('links can be opened, and each message has its time', async () => {
    await bob.say('look at https://example.org/a?b=1, please');
    const link = message(ann, 'look at').getByRole('link');
    assert.equal(await link.getAttribute('href'), 'https://example.org/a?b=1');
    assert.match(await link.getAttribute('rel'), /noopener/);
    const time = await message(ann, 'one').locator('time').getAttribute('datetime');
    assert.ok(Math.abs(Date.parse(time) - Date.now()) < 3_600_000, time);
  });

  await step('a reaction is counted for everybody and can be taken back', async () => {
    await message(ann, 'one').hover();
    await message(ann, 'one').getByRole('button', { name: 'React', exact: true }).click();
    await message(ann, 'one').getByRole('button', { name: 'React with 🎉' }).click();
    const given = (view, count) => message(view, 'one').getByRole('button', { name: `🎉, ${count}` });
    await given(bob, 1).click();
    for (const view of [ann, bob]) await given(view, 2).waitFor();
    await given(ann, 2).click();
    for (const view of [ann, bob]) await given(view, 1).waitFor();
    assert.equal(await given(ann, 1).getAttribute('aria-pressed'), 'false');
    assert.equal(await given(bob, 1).getAttribute('aria-pressed'), 'true');
  });

  await step('one deletes what one wrote, after a question; the host deletes anything', async () => {
    await ann.say('of the host');
    await message(bob, 'of the host').waitFor();
    assert.equal(await message(bob, 'of the host').getByTestId('delete').count(), 0);
    for (const [view, text] of [[bob, 'two'], [ann, 'look at']]) {
      await message(view, text).hover();
      await message(view, text).getByTestId('delete').click();
      await view.answer('Cancel');
      await message(view, text).hover();
      await message(view, text).getByTestId('delete').click();
      await view.answer('Delete');
      for (const each of [ann, bob]) await message(each, text).waitFor({ state: 'detached' });
    }
    await bob.reads(['one', 'Deleted', 'Deleted', 'of the host']);
  });

  await step('how much is too much is told in characters', async () => {
    const input = bob.find('chat-input');
    const told = (words) => bob.find('chat-length').filter({ hasText: new RegExp(`^${words}$`) }).waitFor();
    await input.fill('x'.repeat(4096) + 'ж'.repeat(52));
    await told('Too long: remove about 52 characters');
    assert.ok(await bob.find('chat-send').isDisabled());
    await input.fill('x'.repeat(3500));
    await told('About 590 characters left');
    await input.fill('');
  });

  await step('when a keyboard takes half of a phone the newest message stays in view', async () => {
    await ann.page.setViewportSize(phone);
    for (let number = 1; number <= 12; number += 1) await ann.say(`line ${number}`);
    await message(ann, 'line 12').waitFor();
    await ann.page.setViewportSize({ ...phone, height: 460 });
    await eventually('the last message is in view', () => message(ann, 'line 12').evaluate((item) => {
      const { bottom } = item.closest('.messages').getBoundingClientRect();
      return item.getBoundingClientRect().bottom <= bottom + 1;
    }));
  });
});

test('what the server does not post', async (t) => {
  const { origin, step, person } = await openScene(t);
  const ann = await person('Ann');
  // The page believes that far more may be written than the server takes.
  await ann.page.routeWebSocket(/\/api\/v1\/ws$/, (socket) => {
    const server = socket.connectToServer();
    server.onMessage((message) => socket.send(String(message).replace(/"textBytes":\d+/, '"textBytes":60000')));
  });
  const refused = ann.page.locator('[data-testid="chat-pending"][data-state="failed"]');

  await step('stands in the chat with the reason, and can be changed and sent', async () => {
    await ann.start(origin);
    await ann.say('x'.repeat(5000));
    await refused.getByText('The message can’t be posted.').waitFor();
    assert.equal(await ann.find('chat-retry').count(), 0);
    await ann.click('chat-edit');
    await refused.waitFor({ state: 'detached' });
    assert.equal(await ann.find('chat-input').inputValue(), 'x'.repeat(5000));
    await ann.say('shorter');
    await ann.reads(['shorter']);
  });

  await step('can be thrown away', async () => {
    await ann.say('y'.repeat(5000));
    await refused.waitFor();
    await ann.click('chat-discard');
    await refused.waitFor({ state: 'detached' });
    await ann.reads(['shorter']);
  });
});

test('the link', async (t) => {
  const { origin, step, person } = await openScene(t);
  const ann = await person('Ann', { permissions: ['camera', 'microphone', 'clipboard-read', 'clipboard-write'] });
  await ann.start(origin);

  const shown = () => ann.find('room-link').inputValue();
  const names = (links) => ann.page.route('**/api/v1/rooms/*', async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, json: { ...await response.json(), links } });
  });
  const reopen = async () => {
    await ann.page.getByRole('dialog').getByRole('button', { name: 'Close' }).click();
    await ann.click('share');
  };

  await step('is the page’s own where the server names no other; Copy puts it into the clipboard', async () => {
    await names([]);
    await ann.click('share');
    await ann.click('copy-link');
    await ann.page.getByText('The link is in your clipboard.').waitFor();
    assert.equal(await ann.evaluate(() => navigator.clipboard.readText()), ann.link);
  });

  await step('on the server’s own computer is one that others can use, and there is a choice', async () => {
    const links = ['192.0.2.7', '[2001:db8::7]'].map((host) => `http://${host}:3000${new URL(ann.link).pathname}`);
    await names(links);
    await reopen();
    await eventually('the first one is shown', async () => await shown() === links[0]);
    await ann.find('share-address').selectOption(links[1]);
    await eventually('the other one is shown', async () => await shown() === links[1]);
    assert.equal(await readQrCode(ann.page.getByRole('img', { name: 'QR code of the room link' })), links[1]);
    await ann.click('copy-link');
    await ann.page.getByText('The link is in your clipboard.').waitFor();
    assert.equal(await ann.evaluate(() => navigator.clipboard.readText()), links[1]);
  });

  for (const [how, size] of [['a phone', phone], ['a phone on its side', onItsSide]]) {
    await step(`on ${how} the whole QR code is on the screen, and it is the link`, async () => {
      await ann.page.setViewportSize(size);
      const code = ann.page.getByRole('img', { name: 'QR code of the room link' });
      const { y, height } = await code.boundingBox();
      assert.ok(y >= 0 && y + height <= size.height, `from ${y} to ${y + height}`);
      assert.equal(await readQrCode(code), await shown());
    });
  }
});

test('who may come in by the link is said with it', async (t) => {
  const { origin, step, person } = await openScene(t);
  const ann = await person('Ann');
  const says = (words) => ann.page.getByRole('dialog').getByText(words).waitFor();

  await step('in a room with a password, and in one that is locked', async () => {
    await ann.start(origin, { password: 'open sesame' });
    await ann.click('share');
    await says('Who has this link and the password can come in.');
    await ann.button('Close').click();
    await ann.openPanel('people');
    await ann.click('lock');
    await ann.button('Unlock the room').waitFor();
    await ann.click('share');
    await says('The room is locked: nobody new is let in at the moment.');
  });
});

test('a phone on its side', async (t) => {
  const { origin, step, person } = await openScene(t);
  const ann = await person('Ann', { viewport: onItsSide });

  await step('Start stands on the first screen, and the devices can be tried', async () => {
    await ann.open(origin);
    const { y, height } = await ann.find('start').boundingBox();
    assert.ok(y + height <= onItsSide.height, `it ends at ${y + height}`);
    await ann.button('Check camera and sound').click();
    await pictureMoves(ann, '.preview');
  });

  await step('the room has every control on the screen and most of it is picture; the chat covers none of them', async () => {
    await ann.start(origin);
    for (const name of ['mic-toggle', 'cam-toggle', 'chat-toggle', 'people-toggle', 'leave']) {
      const { x, y, width, height } = await ann.find(name).boundingBox();
      assert.ok(x >= 0 && y >= 0 && x + width <= onItsSide.width && y + height <= onItsSide.height, `${name} at ${x}, ${y}`);
    }
    const { width, height } = await ann.tile(ann.id).boundingBox();
    assert.ok(width * height > 0.6 * onItsSide.width * onItsSide.height, `${width} by ${height}`);
    await ann.openPanel('chat');
    await ann.find('chat-input').waitFor();
    await ann.click('mic-toggle');
    await ann.leave();
  });
});

test('nine faces', async (t) => {
  const { server, origin, step, person } = await openScene(t, { settings: { 'mesh.max': 9 } });
  const ann = await person('Ann');
  await ann.start(origin);
  const room = ann.link.split('/').pop();

  // People whose browsers never answer: there is no route to them.
  await step('no route is told in each tile without covering the name, and in full in the list', async () => {
    for (let number = 2; number <= 9; number += 1) await join(t, server, { room, name: `Person ${number}` });
    const without = ann.page.locator('[data-path="no_route"]');
    await eventually('eight without a route', async () => (await without.count()) === 8, 180_000);
    for (const size of [phone, onItsSide, { width: 1440, height: 900 }]) {
      await ann.page.setViewportSize(size);
      await eventually(`words and name have their places at ${size.width}`, () => without.evaluateAll((tiles) => tiles.every((tile) => {
        const [outer, why, name] = [tile, tile.querySelector('.tile-why'), tile.querySelector('.tile-name')].map((each) => each.getBoundingClientRect());
        return why.height > 0 && why.top >= outer.top && why.bottom <= name.top + 1 && name.bottom <= outer.bottom;
      })));
    }
    await ann.openPanel('people');
    const words = await ann.page.locator('[data-testid^="trouble-"]').allInnerTexts();
    assert.equal(words.length, 8);
    for (const text of words) assert.match(text, /No route between you and Person \d\. .*no TURN relay/);
  });
});
