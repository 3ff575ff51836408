// A server, a browser and the steps of a story. A step that fails leaves pictures of every page in out/.
import { startServer } from '../../support/server.mjs';
import { openChromium } from './chromium.mjs';

// options: settings (of the server), start (how: see startServer), and those of openChromium.
export async function openScene(t, options = {}) {
  const server = await startServer(t, { 'tls.mode': 'off', ...options.settings }, options.start);
  const browser = await openChromium(t, options);
  return { server, browser, origin: server.origin, step: stepsOf(t, browser), person: (...wishes) => browser.person(...wishes) };
}

// After a failed step the later ones have nothing to stand on: they fail at once.
export function stepsOf(t, browser) {
  let failed;
  return (name, ...rest) => {
    const run = rest.pop();
    return t.test(name, ...rest, async () => {
      if (failed) throw new Error(`not tried, because this failed: ${failed}`);
      try {
        await run();
      } catch (error) {
        failed = name;
        await browser.photograph(name);
        throw error;
      }
    });
  };
}
