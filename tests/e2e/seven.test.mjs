// A room with one person more than direct video has places for.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connections, pictureMoves, soundArrives, tileOf } from './support/media.mjs';
import { openScene } from './support/scene.mjs';
import { eventually } from './support/wait.mjs';

const places = 6;
// Each picture and each sound is encoded once for every other person: that is a lot for a small machine.
const withCamera = 2;
const small = { plainSound: true, viewport: { width: 480, height: 360 } };

test('seven people and six places', async (t) => {
  const { origin, step, person } = await openScene(t, { camera: { width: 160, height: 90, framesPerSecond: 5 } });
  const people = [];
  for (let number = 1; number <= places + 1; number++) {
    people.push(await person(`P${number}`, small));
  }
  const [first, second] = people;
  const seventh = people.at(-1);

  await step('six come and each has a path to the five others', async () => {
    await first.start(origin);
    for (const [index, one] of people.slice(0, places).entries()) {
      if (one !== first) await one.join(first.link, { camera: index < withCamera });
    }
    for (const one of people.slice(0, places)) {
      await eventually(`${one.name} has five paths`, async () => {
        const states = (await connections(one)).map(({ state }) => state);
        return states.length === places - 1 && states.every((state) => state === 'connected');
      });
    }
  });

  await step('the sixth sees who has a camera and hears everybody', async () => {
    const sixth = people[places - 1];
    for (const other of people.slice(0, withCamera)) await pictureMoves(sixth, tileOf(other.id));
    await soundArrives(sixth, places - 1);
  });

  await step('the seventh is told that there is no place, sees who is there, and has the chat', async () => {
    await first.say('before the seventh');
    await seventh.join(first.link, { camera: false });
    await seventh.find('no-place').waitFor();
    assert.match(await seventh.find('no-place').innerText(), /first 6 people/);
    await seventh.reads(['before the seventh']);
    await seventh.say('from the seventh');
    await second.reads(['before the seventh', 'from the seventh']);
    for (const other of people.slice(0, places)) await seventh.tile(other.id).waitFor();
    assert.deepEqual(await connections(seventh), []);
  });

  await step('one of the six leaves and the seventh gets pictures and sound by itself', async () => {
    await people[4].leave();
    await seventh.find('no-place').waitFor({ state: 'detached' });
    for (const other of people.slice(0, withCamera)) await pictureMoves(seventh, tileOf(other.id));
    await soundArrives(seventh, places - 1);
    await soundArrives(first, places - 1);
  });
});
