// Firefox and Chromium in one call.
import { test } from 'node:test';
import { firefoxProgram, openFirefox } from './support/firefox.mjs';
import { framesArrive, pictureMoves, soundArrives, tileOf } from './support/media.mjs';
import { openScene } from './support/scene.mjs';

const skip = firefoxProgram ? false : 'Firefox is not installed';

test('Firefox and Chromium', { skip }, async (t) => {
  const { origin, step, person } = await openScene(t);
  const ann = await person('Ann');
  const fox = await openFirefox(t, 'Fox');

  await step('see and hear each other', async () => {
    await ann.start(origin);
    await fox.join(ann.link);
    await pictureMoves(fox, tileOf(ann.id));
    await pictureMoves(ann, tileOf(fox.id), { plain: true });
    for (const one of [ann, fox]) {
      await framesArrive(one);
      await soundArrives(one);
    }
  });

  await step('chat with each other', async () => {
    await fox.say('Hello from Firefox');
    await ann.reads(['Hello from Firefox']);
    await ann.say('Hello from Chromium');
    await fox.reads('Hello from Chromium');
  });

  await step('meet again after a reload of either', async () => {
    await fox.page.reload();
    await pictureMoves(ann, tileOf(fox.id), { plain: true });
    await pictureMoves(fox, tileOf(ann.id));
    await ann.reload();
    await ann.inRoom();
    await pictureMoves(ann, tileOf(fox.id), { plain: true });
    await pictureMoves(fox, tileOf(ann.id));
    for (const one of [ann, fox]) await soundArrives(one);
  });
});
