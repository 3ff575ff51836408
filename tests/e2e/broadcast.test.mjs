// One is live, others watch without ever being asked for a device, and one of them is invited to speak.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connections, framesArrive, pictureMoves, soundArrives, tileOf } from './support/media.mjs';
import { openScene } from './support/scene.mjs';

// Counts the questions for a device, and asks them all the same.
function countQuestions() {
  window.questions = 0;
  const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = (constraints) => {
    window.questions += 1;
    return ask(constraints);
  };
}
const questions = (person) => person.evaluate(() => window.questions);

test('a broadcast', async (t) => {
  const { origin, step, person } = await openScene(t);
  const host = await person('Host');
  const viewer = await person('Viewer', { devices: false });
  const guest = await person('Guest');
  for (const one of [viewer, guest]) await one.page.addInitScript(countQuestions);

  await step('the browser of the viewer refuses every device', async () => {
    await viewer.open(origin);
    const error = await viewer.evaluate(() => navigator.mediaDevices.getUserMedia({ audio: true }).then(() => '', ({ name }) => name));
    assert.equal(error, 'NotAllowedError');
  });

  await step('who may use no device watches the moving picture and hears the host', async () => {
    await host.start(origin, { kind: 'broadcast' });
    await viewer.join(host.link);
    await pictureMoves(viewer, tileOf(host.id));
    await framesArrive(viewer);
    await soundArrives(viewer);
    assert.equal(await questions(viewer), 0);
    assert.equal(await viewer.find('mic-toggle').count(), 0);
  });

  await step('viewers chat with the host and send nothing else', async () => {
    await guest.join(host.link);
    await pictureMoves(guest, tileOf(host.id));
    await guest.say('Hello from the audience');
    await host.reads(['Hello from the audience']);
    await viewer.reads(['Hello from the audience']);
    assert.deepEqual((await connections(host)).map(({ framesDecoded, audioEnergy }) => [framesDecoded, audioEnergy]), [[0, 0], [0, 0]]);
    assert.equal((await connections(viewer)).length, 1, 'viewers have no path to each other');
    assert.equal(await questions(guest), 0);
  });

  await step('the host invites, the viewer accepts, is asked for devices now, and is seen and heard by all', async () => {
    await host.openPanel('people');
    const guestId = await host.page.locator('.person', { hasText: 'Guest' }).getAttribute('data-testid');
    await host.manage(guestId.slice('person-'.length), 'Invite to speak');
    await guest.click('accept');
    guest.id = guestId.slice('person-'.length);
    for (const one of [host, viewer]) await pictureMoves(one, tileOf(guest.id));
    await soundArrives(viewer, 2);
    assert.ok(await questions(guest) > 0);
    assert.equal(await questions(viewer), 0);
  });

  await step('who stops speaking is watching again', async () => {
    await guest.openPanel('people');
    await guest.click('step-down');
    await host.tile(guest.id).waitFor({ state: 'detached' });
    await viewer.tile(guest.id).waitFor({ state: 'detached' });
    await pictureMoves(guest, tileOf(host.id));
  });
});
