// What a host may do: mute, lock, remove, ban, hand over and end.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allMeet, pictureMoves, tileOf } from './support/media.mjs';
import { openScene } from './support/scene.mjs';
import { eventually } from './support/wait.mjs';

test('the host', async (t) => {
  const { origin, step, person } = await openScene(t);
  const host = await person('Host');
  const [bob, cleo] = [await person('Bob'), await person('Cleo')];

  await step('mutes: the microphone is off there, and that person is told and can turn it on again', async () => {
    await host.start(origin);
    await bob.join(host.link);
    await allMeet([host, bob]);
    await host.manage(bob.id, 'Mute');
    await bob.page.getByText('The host turned off your microphone.').waitFor();
    assert.equal(await bob.find('mic-toggle').getAttribute('data-on'), 'false');
    await host.tile(bob.id).getByText('Microphone off').waitFor({ state: 'attached' });
    await bob.click('mic-toggle');
    await host.tile(bob.id).getByText('Microphone off').waitFor({ state: 'detached' });
  });

  await step('turns a camera off: the picture is gone for the host', async () => {
    await host.manage(bob.id, 'Camera off');
    await eventually('no picture of Bob', async () => (await host.tile(bob.id).locator('video').count()) === 0);
    await bob.click('cam-toggle');
    await pictureMoves(host, tileOf(bob.id));
  });

  await step('locks: nobody new comes in, until it is unlocked', async () => {
    await host.openPanel('people');
    await host.click('lock');
    await cleo.join(host.link, { refused: true });
    const page = await cleo.failurePage('room_locked');
    await host.click('lock');
    await host.button('Lock the room').waitFor();
    await page.getByTestId('way-retry').click();
    await cleo.click('join');
    await cleo.inRoom();
    await pictureMoves(host, tileOf(cleo.id));
  });

  await step('removes, after a question: that person is told, the others see it, and the way back is open', async () => {
    await host.manage(bob.id, 'Remove');
    await host.answer('Cancel');
    await host.manage(bob.id, 'Remove');
    await host.answer('Remove');
    const page = await bob.failurePage('removed');
    await cleo.page.getByText('The host removed Bob.').waitFor();
    await host.tile(bob.id).waitFor({ state: 'detached' });
    await page.getByTestId('way-lobby').click();
    await bob.click('join');
    const { id } = bob;
    await bob.inRoom();
    assert.notEqual(bob.id, id, 'a new member');
    await pictureMoves(host, tileOf(bob.id));
  });

  await step('bans: that browser is refused, another person is not', async () => {
    await host.manage(bob.id, 'Ban');
    await host.answer('Ban');
    await bob.failurePage('banned');
    await bob.join(host.link, { refused: true });
    await bob.failurePage('banned');
    const dora = await person('Dora');
    await dora.join(host.link);
    await dora.leave();
  });

  await step('hands over: the other one is the host now', async () => {
    await host.manage(cleo.id, 'Make host');
    await host.answer('Hand over');
    await cleo.page.getByText('You are the host now.').waitFor();
    await cleo.openPanel('people');
    await cleo.find('end').waitFor();
    await host.find('end').waitFor({ state: 'detached' });
  });

  await step('ends the room: everybody is told and the link is dead', async () => {
    await cleo.click('end');
    await cleo.answer('End the room');
    for (const one of [host, cleo]) await one.failurePage('room_ended');
    const page = await (async () => {
      await bob.open(host.link);
      return bob.failurePage('room_ended');
    })();
    await page.getByTestId('way-home').click();
    await bob.find('start').waitFor();
  });
});
