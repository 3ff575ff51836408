// Reads the QR code of a picture, with a decoder that has nothing to do with what drew it.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const decoder = readFileSync(createRequire(import.meta.url).resolve('jsqr'), 'utf8');

// The text of the code that `locator` shows on the screen, or null.
export async function readQrCode(locator) {
  const png = (await locator.screenshot()).toString('base64');
  const page = await locator.page().context().newPage();
  try {
    await page.evaluate(decoder);
    return await page.evaluate(async (base64) => {
      const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
      const picture = await createImageBitmap(new Blob([bytes], { type: 'image/png' }));
      const context = new OffscreenCanvas(picture.width, picture.height).getContext('2d');
      context.drawImage(picture, 0, 0);
      const { data, width, height } = context.getImageData(0, 0, picture.width, picture.height);
      return window.jsQR(data, width, height)?.data ?? null;
    }, png);
  } finally {
    await page.close();
  }
}
