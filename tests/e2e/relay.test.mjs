// Everything through a TURN relay: Debian's coturn, with the credentials that this server makes.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allMeet, connections } from './support/media.mjs';
import { startCoturn, turnProgram } from './support/coturn.mjs';
import { openScene } from './support/scene.mjs';
import { eventually } from './support/wait.mjs';

const skip = turnProgram ? false : 'coturn is not installed';
// The relay listens on loopback, where browsers look for nobody unless they are told to.
const args = ['--allow-loopback-in-peer-connection'];

test('a call through a relay alone', { skip }, async (t) => {
  const coturn = await startCoturn(t);
  const { origin, step, person } = await openScene(t, { settings: { ...coturn.settings, 'ice.relay_only': true }, args });
  const [ann, bob] = [await person('Ann'), await person('Bob')];

  await step('both see and hear each other, and both ends of the path are relayed', async () => {
    await ann.start(origin);
    await bob.join(ann.link);
    await allMeet([ann, bob]);
    for (const one of [ann, bob]) {
      const [{ local, remote }] = await connections(one);
      assert.deepEqual({ local, remote }, { local: 'relay', remote: 'relay' }, one.name);
    }
  });
});

test('a relay that refuses the credentials', { skip }, async (t) => {
  const coturn = await startCoturn(t, { serverSecret: 'another-secret' });
  const { origin, step, person } = await openScene(t, { settings: { ...coturn.settings, 'ice.relay_only': true }, args });
  const [ann, bob] = [await person('Ann'), await person('Bob')];

  await step('both are told that there is no route, and the chat works', async () => {
    await ann.start(origin);
    await bob.join(ann.link);
    for (const [one, other] of [[ann, bob], [bob, ann]]) {
      await one.page.locator(`[data-testid="tile-${other.id}"][data-path="no_route"]`).waitFor({ timeout: 180_000 });
      assert.match(await one.tile(other.id).innerText(), new RegExp(`No route between you and ${other.name}`));
    }
    await bob.say('I can still write');
    await ann.reads(['I can still write']);
  });

  await step('the relay was asked and refused', () => {
    return eventually('a refusal in the log of coturn', () => /user <\d+:\w+>.*error 401/.test(coturn.log()));
  });
});
