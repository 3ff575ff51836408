// One goes live, others watch without ever being asked for a device, and some of them come to speak.
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
const badge = (person, words) => person.find('live-badge').filter({ hasText: new RegExp(`^${words}$`) }).waitFor();
const idOf = async (host, name) => {
  await host.openPanel('people');
  const person = await host.page.locator('.person', { hasText: name }).getAttribute('data-testid');
  return person.slice('person-'.length);
};
const questions = (person) => person.evaluate(() => window.questions);

test('a broadcast', async (t) => {
  const { origin, step, person } = await openScene(t);
  const host = await person('Host');
  const viewer = await person('Viewer', { devices: false });
  const guest = await person('Guest');
  for (const one of [host, viewer, guest]) await one.page.addInitScript(countQuestions);

  await step('the browser of the viewer refuses every device', async () => {
    await viewer.open(origin);
    const error = await viewer.evaluate(() => navigator.mediaDevices.getUserMedia({ audio: true }).then(() => '', ({ name }) => name));
    assert.equal(error, 'NotAllowedError');
  });

  await step('whoever starts it is asked for no device and is not on air, nor after loading again', async () => {
    await host.start(origin, { kind: 'broadcast' });
    await viewer.join(host.link);
    await viewer.page.getByText('The host is here but not live yet.').waitFor();
    for (const one of [host, viewer]) await badge(one, 'Not live yet');
    assert.equal(await questions(host), 0);
    await host.reload();
    await host.inRoom();
    await badge(host, 'Not live yet');
    assert.equal(await host.find('cam-toggle').getAttribute('data-on'), 'false');
    assert.equal(await questions(host), 0);
  });

  await step('who may use no device watches the moving picture and hears the host, once that one goes live', async () => {
    await host.click('go-live');
    await badge(host, 'Live');
    await pictureMoves(viewer, tileOf(host.id));
    await framesArrive(viewer);
    await soundArrives(viewer);
    assert.equal(await questions(viewer), 0);
    assert.equal(await viewer.find('mic-toggle').count(), 0);
  });

  await step('a host who was live is live again after loading again', async () => {
    await host.reload();
    await host.inRoom();
    await pictureMoves(viewer, tileOf(host.id));
    await soundArrives(viewer);
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
    guest.id = await idOf(host, 'Guest');
    await host.manage(guest.id, 'Invite to speak');
    await guest.click('accept');
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

  await step('who is made a speaker without having been asked is not on air, but can go there', async () => {
    const before = await questions(guest);
    await host.manage(guest.id, 'Make speaker');
    await guest.find('speaker-banner').waitFor();
    await viewer.tile(guest.id).getByText('Microphone off').waitFor({ state: 'attached' });
    assert.equal(await viewer.tile(guest.id).locator('video').count(), 0);
    assert.equal(await questions(guest), before);
    await guest.click('go-live');
    await pictureMoves(viewer, tileOf(guest.id));
    await guest.find('speaker-banner').waitFor({ state: 'detached' });
  });

  await step('when all are off, those who watch are told so', async () => {
    await guest.leave();
    for (const slot of ['mic', 'cam']) await host.click(`${slot}-toggle`);
    await viewer.page.getByText('The broadcast has paused').waitFor();
    await badge(viewer, 'Not live');
  });

  await step('a host who comes back through the lobby sees the own picture there, and is not on air by going in', async () => {
    await host.click('cam-toggle');
    await host.leave();
    await viewer.page.getByText('The host is not here at the moment.').waitFor();
    await host.click('way-lobby');
    await pictureMoves(host, '.preview');
    await host.click('join');
    await host.inRoom();
    assert.equal(await host.find('cam-toggle').getAttribute('data-on'), 'false');
    await badge(viewer, 'Not live');
    await host.click('go-live');
    await pictureMoves(viewer, tileOf(host.id));
  });
});
