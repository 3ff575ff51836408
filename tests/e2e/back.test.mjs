// The browser's Back in a running room asks before anybody is lost from a call.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allMeet } from './support/media.mjs';
import { openScene } from './support/scene.mjs';
import { eventually } from './support/wait.mjs';

const back = (person) => person.evaluate(() => history.back());
const isAsked = (person) => person.page.getByRole('dialog', { name: 'Leave the room?' }).waitFor();

test('Back in a room', async (t) => {
  const { origin, step, person } = await openScene(t);
  const [ann, bob, cleo] = [await person('Ann'), await person('Bob'), await person('Cleo')];

  await step('asks; who stays is still at the room’s address and in the call', async () => {
    await ann.start(origin);
    await bob.join(ann.link);
    await back(ann);
    await isAsked(ann);
    await eventually('the address is the room’s', () => ann.page.url() === ann.link);
    await ann.answer('Cancel');
    await allMeet([ann, bob]);
  });

  await step('asks again, and who leaves is where they came from', async () => {
    await back(ann);
    await isAsked(ann);
    await ann.answer('Leave');
    await ann.find('start').waitFor();
    assert.equal(ann.page.url(), `${origin}/`);
    await bob.page.getByText('Ann left.').waitFor();
  });

  await step('asks after a reload, which itself asks nothing; a second Back leaves', async () => {
    await cleo.open(origin);
    await cleo.join(ann.link);
    await bob.reload();
    await bob.inRoom();
    await back(bob);
    await isAsked(bob);
    await back(bob);
    await cleo.page.getByText('Bob left.').waitFor();
    await eventually('Bob is where he was before', () => bob.page.url() === 'about:blank');
  });

  await step('asks nobody who has left', async () => {
    await cleo.leave();
    await back(cleo);
    await cleo.find('start').waitFor();
  });
});
