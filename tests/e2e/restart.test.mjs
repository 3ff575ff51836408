// The server is killed in the middle of a call and comes back on the same port and data.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allMeet, connections, framesArrive, pictureMoves, soundArrives, tileOf } from './support/media.mjs';
import { openScene } from './support/scene.mjs';
import { eventually } from './support/wait.mjs';

test('the server dies and comes back', async (t) => {
  const { server, origin, step, person } = await openScene(t);
  const [ann, bob] = [await person('Ann'), await person('Bob')];
  const before = ['one', 'two', 'three', 'four', 'five'];
  let acknowledged;

  await step('a call with chat', async () => {
    await ann.start(origin);
    await bob.join(ann.link);
    for (const word of before) await ann.say(word);
    await bob.reads(before);
    await ann.reads(before);
    acknowledged = await ann.messages();
    await allMeet([ann, bob]);
  });

  await step('while the server is dead the call goes on and both are told', async () => {
    const freezes = await Promise.all([ann, bob].map(async (one) => (await connections(one))[0].freezeCount));
    await server.kill('SIGKILL');
    for (const one of [ann, bob]) await one.find('reconnecting').first().waitFor();
    for (const [one, other] of [[ann, bob], [bob, ann]]) {
      await framesArrive(one);
      await soundArrives(one);
      await pictureMoves(one, tileOf(other.id));
    }
    assert.ok(!server.running);
    const after = await Promise.all([ann, bob].map(async (one) => (await connections(one))[0].freezeCount));
    t.diagnostic(`freezes before and after: ${freezes} and ${after}`);
  });

  await step('what is written meanwhile waits, and says so', async () => {
    await ann.say('written while it was down');
    await ann.find('chat-pending').waitFor();
    assert.deepEqual(await ann.messages(), acknowledged);
  });

  await step('both come back as who they were; nothing acknowledged is lost; what waited is posted once', async () => {
    const decoded = await Promise.all([ann, bob].map(async (one) => (await connections(one))[0].framesDecoded));
    await server.restart();
    for (const one of [ann, bob]) {
      await one.isConnected();
      const { id } = one;
      await one.inRoom();
      assert.equal(one.id, id);
    }
    const all = [...before, 'written while it was down'];
    await ann.reads(all);
    await bob.reads(all);
    assert.deepEqual((await bob.messages()).slice(0, before.length), acknowledged);
    await eventually('frames went on through the restart, on the same connections', async () => {
      const now = await Promise.all([ann, bob].map(async (one) => (await connections(one))[0].framesDecoded));
      return now.every((count, index) => count > decoded[index]);
    });
  });

  await step('chat and newcomers work again', async () => {
    await bob.say('after');
    await ann.reads([...before, 'written while it was down', 'after']);
    const cleo = await person('Cleo');
    await cleo.join(ann.link);
    await cleo.reads([...before, 'written while it was down', 'after']);
    await allMeet([ann, bob, cleo]);
  });
});
