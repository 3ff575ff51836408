// Somebody shows their screen: the others get a second, moving picture.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pictureMoves, screenOf, tileOf } from './support/media.mjs';
import { openScene } from './support/scene.mjs';

test('sharing a screen', async (t) => {
  // The fake dialog picks Chromium's test screen.
  const { origin, step, person } = await openScene(t, { args: ['--use-fake-ui-for-media-stream'] });
  const [ann, bob] = [await person('Ann'), await person('Bob')];

  await step('the screen is a second picture beside the camera', async () => {
    await ann.start(origin);
    await bob.join(ann.link);
    const camera = await pictureMoves(bob, tileOf(ann.id));
    await ann.click('screen-toggle');
    const screen = await pictureMoves(bob, screenOf(ann.id));
    await pictureMoves(bob, tileOf(ann.id));
    assert.notDeepEqual(screen, camera, 'another picture than the camera');
  });

  await step('who comes now sees both', async () => {
    const cleo = await person('Cleo');
    await cleo.join(ann.link);
    await pictureMoves(cleo, screenOf(ann.id));
    await pictureMoves(cleo, tileOf(ann.id));
  });

  await step('it ends for everybody and can begin again', async () => {
    await ann.click('screen-toggle');
    await bob.find(`screen-${ann.id}`).waitFor({ state: 'detached' });
    await ann.click('screen-toggle');
    await pictureMoves(bob, screenOf(ann.id));
  });

  await step('the end that comes from the browser’s own bar is the end for the others', async () => {
    await ann.evaluate(() => {
      const track = document.querySelector('[data-testid^="screen-"] video').srcObject.getVideoTracks()[0];
      track.stop();
      track.dispatchEvent(new Event('ended'));
    });
    await bob.find(`screen-${ann.id}`).waitFor({ state: 'detached' });
    await pictureMoves(bob, tileOf(ann.id));
  });
});
