// Two people behind two routers that translate addresses. The server's own STUN is all the help they have.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startServer } from '../support/server.mjs';
import { openChromium } from './support/chromium.mjs';
import { allMeet, connections } from './support/media.mjs';
import { buildStreet, losePackets, serverAddress, whyNoNamespaces } from './support/nat.mjs';
import { stepsOf } from './support/scene.mjs';

const skip = whyNoNamespaces();

async function openHomes(t, options) {
  const street = buildStreet(t, options);
  const server = await startServer(t, { 'tls.names': serverAddress }, { prefix: street.server.prefix });
  const [first, second] = await Promise.all(street.homes.map(({ program }) => openChromium(t, { program })));
  const [ann, bob] = [await first.person('Ann'), await second.person('Bob')];
  const both = { photograph: (label) => Promise.all([first.photograph(label), second.photograph(label)]) };
  const homes = street.homes.map(({ space }) => space);
  return { ann, bob, routers: street.routers, homes, step: stepsOf(t, both), origin: `https://${serverAddress}:${server.port}` };
}

test('behind two ordinary routers', { skip }, async (t) => {
  const { ann, bob, step, origin, routers, homes } = await openHomes(t);

  await step('both see and hear each other, directly', async () => {
    await ann.start(origin);
    await bob.join(ann.link);
    await allMeet([ann, bob]);
    for (const one of [ann, bob]) {
      const [{ local, remote }] = await connections(one);
      assert.match(`${local} to ${remote}`, /srflx|prflx/, `${one.name}: by an address outside of the home`);
      assert.doesNotMatch(`${local} to ${remote}`, /relay/);
    }
  });

  await step('a network that loses packets is told at that person, in the picture and in the list, until it is mended', async () => {
    const mend = losePackets(routers[0], 0.3);
    await ann.page.locator(`[data-testid="tile-${bob.id}"] [data-testid="quality"][data-level="poor"]`).waitFor();
    await ann.openPanel('people');
    await ann.find(`trouble-${bob.id}`).filter({ hasText: 'Poor connection: the network loses packets' }).waitFor();
    mend();
    await ann.page.locator(`[data-testid="tile-${bob.id}"] [data-testid="quality"][data-level="good"]`).waitFor();
    await ann.find(`trouble-${bob.id}`).waitFor({ state: 'detached' });
  });

  await step('where nothing arrives any more the page finds it by itself, and so do the others', async () => {
    homes[1].loseEverything();
    await bob.find('reconnecting').first().waitFor();
    await ann.tile(bob.id).getByText('Reconnecting…').waitFor();
    await bob.page.locator(`[data-testid="tile-${ann.id}"]:not([data-path="connected"])`).waitFor();
  });
});

test('behind two routers that take a new port for everybody', { skip }, async (t) => {
  const { ann, bob, step, origin } = await openHomes(t, { symmetric: true });

  await step('both are told that there is no route and that a TURN relay is missing; the chat works', async () => {
    await ann.start(origin);
    await bob.join(ann.link);
    for (const [one, other] of [[ann, bob], [bob, ann]]) {
      await one.page.locator(`[data-testid="tile-${other.id}"][data-path="no_route"]`).waitFor({ timeout: 180_000 });
      assert.match(await one.tile(other.id).innerText(), /No route between you and \w+\..*no TURN relay/s);
    }
    await bob.say('We can still write');
    await ann.reads(['We can still write']);
  });
});
