// Two people, then three: pictures, sound, chat, a reload, somebody who comes late, and leaving.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allMeet, connections, framesArrive, pictureMoves, tileOf } from './support/media.mjs';
import { openScene } from './support/scene.mjs';
import { eventually } from './support/wait.mjs';

test('a call', async (t) => {
  const { server, origin, step, person } = await openScene(t);
  const [ann, bob, cleo] = [await person('Ann'), await person('Bob'), await person('Cleo')];
  const saidByBob = [];
  bob.page.on('websocket', (socket) => socket.on('framesent', ({ payload }) => saidByBob.push(JSON.parse(payload).t)));

  await step('Start makes a room and its link is there to be shared', async () => {
    const url = await ann.start(origin);
    await ann.click('share');
    assert.equal(new URL(await ann.find('room-link').inputValue()).pathname, new URL(url).pathname);
    await ann.button('Close').click();
    assert.match(url, /\/r\/[a-z0-9-]+$/);
  });

  await step('who opens the link is in; both see and hear each other', async () => {
    await bob.join(ann.link);
    await allMeet([ann, bob]);
  });

  await step('chat goes both ways, in one order', async () => {
    await ann.say('Hello Bob');
    await bob.reads(['Hello Bob']);
    await bob.say('Hello Ann');
    await ann.reads(['Hello Bob', 'Hello Ann']);
    for (const word of ['one', 'two', 'three']) await ann.say(word);
    await bob.reads(['Hello Bob', 'Hello Ann', 'one', 'two', 'three']);
    assert.deepEqual(await ann.messages(), await bob.messages());
  });

  await step('a third comes, reads what was said before, and meets both', async () => {
    await cleo.join(ann.link);
    await cleo.reads(['Hello Bob', 'Hello Ann', 'one', 'two', 'three']);
    await allMeet([ann, bob, cleo]);
  });

  await step('a reload comes back as the same person, and nobody is told of a leaving', async () => {
    await ann.page.evaluate(() => {
      window.leavings = [];
      new MutationObserver(() => {
        const words = document.querySelector('.notices')?.textContent ?? '';
        if (words.includes('left')) window.leavings.push(words);
      }).observe(document.body, { subtree: true, childList: true, characterData: true });
    });
    const { id } = bob;
    await bob.reload();
    await bob.inRoom();
    assert.equal(bob.id, id);
    await allMeet([ann, bob, cleo]);
    await bob.reads(['Hello Bob', 'Hello Ann', 'one', 'two', 'three']);
    assert.deepEqual(await ann.page.evaluate(() => window.leavings), []);
    assert.equal(saidByBob.filter((t) => t === 'going').length, 1, 'the server knows that a page went, and waits only for a reload');
  });

  await step('the own tile says whether the microphone is on, as the others see it', async () => {
    const off = (view) => view.tile(bob.id).getByText('Microphone off');
    for (const one of [ann, bob]) assert.equal(await off(one).count(), 0, one.name);
    await bob.click('mic-toggle');
    for (const one of [ann, bob]) await off(one).waitFor({ state: 'attached' });
    await bob.click('mic-toggle');
    for (const one of [ann, bob]) await off(one).waitFor({ state: 'detached' });
  });

  await step('the camera goes off and on again for the others', async () => {
    await bob.click('cam-toggle');
    await eventually('no picture of Bob', async () => (await ann.tile(bob.id).locator('video').count()) === 0);
    await bob.click('cam-toggle');
    await pictureMoves(ann, tileOf(bob.id));
  });

  await step('who leaves is gone for the others, whose call goes on', async () => {
    await cleo.leave();
    await ann.tile(cleo.id).waitFor({ state: 'detached' });
    await ann.page.getByText('Cleo left.').waitFor();
    await framesArrive(ann);
    assert.equal((await connections(ann)).length, 1);
  });

  await step('no script failed and the browser had nothing to complain of', async () => {
    // A server that is late when the room is to be made refuses it, and the page asks again.
    const refused = await server.metric('waaft_rooms_refused_total');
    const busy = 'Failed to load resource: the server responded with a status of 503 (Service Unavailable)';
    assert.deepEqual(ann.errors, Array(refused).fill(busy), 'Ann');
    for (const one of [bob, cleo]) assert.deepEqual(one.errors, [], one.name);
  });
});
