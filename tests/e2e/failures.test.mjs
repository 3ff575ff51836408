// Every way in which it can go wrong is told in words, with a way on.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { networkInterfaces } from 'node:os';
import { createRoom } from '../support/rest.mjs';
import { allMeet, pictureMoves, soundArrives, tileOf } from './support/media.mjs';
import { goTo } from './support/navigate.mjs';
import { openScene } from './support/scene.mjs';

const machineAddress = Object.values(networkInterfaces()).flat().find(({ family, internal }) => family === 'IPv4' && !internal)?.address;

async function deviceFailure(person, code) {
  const note = person.page.locator(`[data-testid="device-failure"][data-code="${code}"]`).first();
  await note.waitFor();
  assert.ok((await note.innerText()).length > 60, `${code} is told in words`);
}

test('devices that cannot be used', async (t) => {
  const { server, origin, step, person } = await openScene(t);
  const host = await person('Host');
  await host.start(origin);

  // In spite of it who comes sees, hears and chats.
  async function takesPart(one, words) {
    await pictureMoves(one, tileOf(host.id));
    await soundArrives(one);
    await one.say(words);
    await host.openPanel('chat');
    await host.page.getByText(words).waitFor();
    await one.leave();
    await host.tile(one.id).waitFor({ state: 'detached' });
  }

  await step('no permission', async () => {
    const one = await person('Refused', { devices: false });
    await one.join(host.link);
    await deviceFailure(one, 'permission_denied');
    await takesPart(one, 'without permission');
  });

  await step('no permission for the camera alone: the microphone is heard', async () => {
    const one = await person('Heard', { permissions: ['microphone'] });
    await one.join(host.link);
    await deviceFailure(one, 'permission_denied');
    await soundArrives(host);
    await takesPart(one, 'without a camera');
  });

  await step('the device is busy', async () => {
    // The one thing that is faked here: hardware that another program holds.
    const one = await person('Busy');
    await one.page.addInitScript(() => {
      navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException('Could not start video source', 'NotReadableError'));
    });
    await one.join(host.link);
    await deviceFailure(one, 'device_busy');
    await takesPart(one, 'while it is busy');
  });

  await step('an address that is not secure', { skip: !machineAddress }, async () => {
    const one = await person('Insecure');
    await one.join(host.link.replace(/127\.0\.0\.1|localhost/, machineAddress));
    assert.equal(await one.evaluate(() => window.isSecureContext), false);
    await deviceFailure(one, 'insecure_origin');
    await takesPart(one, 'without a secure address');
  });
  assert.ok(server.running);
});

test('a computer without a camera or microphone', async (t) => {
  const { origin, step, person } = await openScene(t, { devices: false });
  const [ann, bob] = [await person('Ann'), await person('Bob')];

  await step('is told in words; everybody still meets and chats', async () => {
    await ann.start(origin);
    await deviceFailure(ann, 'no_device');
    await bob.join(ann.link);
    await deviceFailure(bob, 'no_device');
    await ann.say('Nobody sees me');
    await bob.reads(['Nobody sees me']);
  });
});

test('rooms that cannot be entered', async (t) => {
  const { server, origin, step, person } = await openScene(t, { settings: { 'rooms.members': 2 } });
  const one = await person('Ann');
  const linkOf = ({ room }) => `${origin}/r/${room}`;

  await step('an unknown room leads to the start page', async () => {
    await one.open(`${origin}/r/never-made`);
    const page = await one.failurePage('room_unknown');
    await page.getByTestId('way-home').click();
    await one.find('start').waitFor();
  });

  await step('a room name that no server makes is refused before it is asked for, also where it was folded away', async () => {
    await one.page.getByText('More options').click();
    await one.find('room-name').fill('Te');
    await one.page.getByText('More options').click();
    await one.click('start');
    await one.page.getByRole('alert').filter({ hasText: '3 to 64 of a–z, 0–9 and dashes' }).waitFor();
    assert.ok(await one.find('room-name').evaluate((input) => input === document.activeElement));
    await one.find('room-name').fill('Tea Time!');
    await one.page.getByText('/r/tea-time').waitFor();
    await one.click('start');
    await one.inRoom();
    assert.equal(one.page.url(), `${origin}/r/tea-time`);
    await one.leave();
  });

  await step('a wrong password can be typed again', async () => {
    const room = await createRoom(server, { kind: 'call', password: 'open sesame' });
    await one.join(linkOf(room), { password: 'wrong', refused: true });
    await one.page.getByText('Check capital letters and spaces').waitFor();
    await one.find('password').fill('open sesame');
    await one.click('join');
    await one.inRoom();
    await one.leave();
  });

  await step('a full room can be tried again when somebody has left', async () => {
    const [bob, cleo] = [await person('Bob'), await person('Cleo')];
    const room = await createRoom(server, { kind: 'call' });
    await bob.join(linkOf(room));
    await cleo.join(linkOf(room));
    await one.join(linkOf(room), { refused: true });
    const page = await one.failurePage('room_full');
    await cleo.leave();
    await page.getByTestId('way-retry').click();
    await one.click('join');
    await one.inRoom();
    await allMeet([one, bob]);
  });

  await step('an invitation link that is broken can be left out', async () => {
    const room = await createRoom(server, { kind: 'call' });
    await one.join(`${linkOf(room)}#link=broken`, { refused: true });
    const page = await one.failurePage('link_bad');
    await page.getByTestId('way-plain').click();
    await one.click('join');
    await one.inRoom();
    await one.leave();
  });

  await step('the same room in a second tab takes over, and the first one says so', async () => {
    const room = await createRoom(server, { kind: 'call' });
    await one.join(linkOf(room));
    const copy = await one.page.context().newPage();
    const session = await one.evaluate(() => ({ ...sessionStorage }));
    await copy.addInitScript((kept) => Object.assign(sessionStorage, kept), session);
    await goTo(copy, linkOf(room));
    await copy.locator('[data-testid="status"][data-state="joined"]').waitFor();
    const page = await one.failurePage('replaced');
    await copy.close();
    await page.getByTestId('way-rejoin').click();
    await one.isConnected();
  });
});

test('a server that is away', async (t) => {
  const { server, origin, step, person } = await openScene(t);
  const [ann, bob] = [await person('Ann'), await person('Bob')];

  await step('the start page says so and can try again', async () => {
    const room = await createRoom(server, { kind: 'call' });
    await ann.open(`${origin}/r/${room.room}`);
    await bob.open(origin);
    await server.kill();
    await bob.click('start');
    await bob.fails('unreachable');
    await server.restart();
    await bob.click('start');
    await bob.inRoom();
  });

  await step('in a room it is told at once, with the chance to retry now', async () => {
    await server.kill();
    await bob.find('reconnecting').waitFor();
    await bob.find('retry-now').waitFor();
    await server.restart();
    await bob.isConnected();
  });

  await step('on the way to a room the page keeps trying, says so, and goes on when the server is back', async () => {
    const cleo = await person('Cleo');
    await cleo.join(bob.page.url());
    await cleo.leave();
    await server.kill();
    await cleo.click('way-lobby');
    const page = await cleo.failurePage('unreachable');
    await page.getByText('keeps trying by itself').waitFor();
    await server.restart();
    await cleo.click('join');
    await cleo.inRoom();
  });

  await step('going in waits for the server', async () => {
    await server.kill();
    await ann.find('name').fill('Ann');
    await ann.click('join');
    await ann.find('reconnecting').waitFor();
    await server.restart();
    await ann.inRoom();
  });
});

test('what people meet who have other browsers, addresses and languages', async (t) => {
  const { origin, step, person } = await openScene(t);
  const ann = await person('Ann');
  await ann.start(origin);

  await step('without WebRTC there are the chat, the people and a word of why', async () => {
    const bob = await person('Bob');
    await bob.page.addInitScript(() => { delete window.RTCPeerConnection; });
    await bob.join(ann.link, { camera: false });
    await bob.find('no-webrtc').waitFor();
    await bob.say('no pictures here');
    await ann.reads(['no pictures here']);
    await ann.say('welcome all the same');
    await bob.reads(['no pictures here', 'welcome all the same']);
    await bob.leave();
  });

  await step('every address shows a page', async () => {
    const cleo = await person('Cleo');
    for (const [path, code] of [['/r/caf%E9', 'room_unknown'], ['/r/%FF', 'room_unknown'], ['/about', 'page_unknown']]) {
      await cleo.open(`${origin}${path}`);
      const shown = cleo.page.locator(`[data-testid="failure"][data-code="${code}"]`);
      await shown.getByRole('heading').waitFor();
    }
    await cleo.open(`${origin}/R/${new URL(ann.link).pathname.split('/').pop().toUpperCase()}.`);
    await cleo.find('join').waitFor();
  });

  await step('text that is read from the right begins there', async () => {
    const hebrew = '\u05e9\u05dc\u05d5\u05dd.';
    await ann.say(hebrew);
    const text = ann.page.locator('.message-text', { hasText: hebrew });
    assert.equal(await text.evaluate((element) => getComputedStyle(element).direction), 'rtl');
    assert.equal(await ann.find('chat-input').evaluate((element) => element.dir), 'auto');
  });

  await step('half of an emoji does not stop the chat', async () => {
    await ann.find('chat-input').evaluate((element) => {
      element.value = 'cut \ud83d';
      element.dispatchEvent(new Event('input', { bubbles: true }));
    });
    await ann.click('chat-send');
    await ann.page.locator('[data-testid="chat-message"]', { hasText: 'cut \ufffd' }).waitFor();
  });
});
