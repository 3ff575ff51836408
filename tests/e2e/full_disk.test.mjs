// A host who starts a room on a server whose disk is full knows that it is not saved, until it is.
import { join } from 'node:path';
import { test } from 'node:test';
import { mountSmallDisk, skipWithoutSmallDisk } from '../support/small_disk.mjs';
import { fitsTheScreen, hasNoViolations } from './support/a11y.mjs';
import { outFolder } from './support/chromium.mjs';
import { allMeet } from './support/media.mjs';
import { openScene } from './support/scene.mjs';
import { eventually } from './support/wait.mjs';

test('a room on a full disk', { skip: skipWithoutSmallDisk }, async (t) => {
  const disk = await mountSmallDisk(t);
  const { server, origin, step, person } = await openScene(t, { settings: { data: disk.data }, start: { prefix: disk.prefix } });
  const [host, bea] = [await person('Host', { viewport: { width: 390, height: 844 } }), await person('Bea')];

  await step('is started, and its host told that it is not saved', async () => {
    disk.fill();
    await host.start(origin);
    await host.find('unsaved').waitFor();
    await fitsTheScreen(host.page, 'unsaved');
    await host.page.screenshot({ path: join(outFolder, 'unsaved-390.png') });
    await hasNoViolations(host.page, 'unsaved');
  });

  await step('is a call', async () => {
    await bea.join(host.link);
    await allMeet([host, bea]);
  });

  await step('is saved when there is space, and then nothing is said of it', async () => {
    disk.makeSpace();
    await eventually('all is well again', async () => (await server.troubles()).length === 0);
    await host.say('kept');
    await bea.reads(['kept']);
    await host.find('unsaved').waitFor({ state: 'detached' });
  });
});
