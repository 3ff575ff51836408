// Pictures for Chromium's fake camera: somebody who sways in front of a window, as a YUV4MPEG2 file.
import { closeSync, openSync, writeSync } from 'node:fs';

const looks = {
  teal: { wall: [38, 70, 74], light: [250, 214, 150], shirt: [222, 96, 72], skin: [226, 172, 134], hair: [58, 38, 30] },
  plum: { wall: [74, 56, 88], light: [180, 214, 250], shirt: [60, 128, 148], skin: [141, 92, 66], hair: [26, 22, 26] },
};

const mix = (a, b, share) => [a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share, a[2] + (b[2] - a[2]) * share];

// Ovals from back to front: colour, then centre and radii in units of the picture's height; x = 0 is its middle.
function shapesOf(look, sway) {
  return [
    [look.shirt, [sway * 0.5, 1.08, 0.4, 0.4]],
    [mix(look.skin, [0, 0, 0], 0.2), [sway * 0.7, 0.68, 0.085, 0.14]],
    [look.hair, [sway, 0.36, 0.2, 0.23]],
    [look.skin, [sway, 0.43, 0.155, 0.2]],
    [look.hair, [sway - 0.06, 0.41, 0.016, 0.02]],
    [look.hair, [sway + 0.06, 0.41, 0.016, 0.02]],
    [mix(look.skin, [150, 40, 40], 0.6), [sway, 0.53, 0.05, 0.016]],
  ];
}

// Red, green and blue of every pixel: a wall with light from a window.
function paintWall(width, height, look) {
  const pixels = new Float32Array(width * height * 3);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const [x, y] = [(column - width / 2) / height, row / height];
      const glow = Math.max(0, 1 - Math.hypot(x + 0.55, y - 0.3) / 0.8);
      pixels.set(mix(mix(look.wall, [12, 16, 20], y * 0.7), look.light, glow * 0.45), (row * width + column) * 3);
    }
  }
  paintOval(pixels, width, height, look.light, [-0.62, 0.32, 0.2, 0.24]);
  return pixels;
}

function paintOval(pixels, width, height, colour, [cx, cy, rx, ry]) {
  const clip = (value, end) => Math.min(end, Math.max(0, Math.round(value)));
  const [left, right] = [clip((cx - rx) * height + width / 2 - 2, width), clip((cx + rx) * height + width / 2 + 2, width)];
  const [top, bottom] = [clip((cy - ry) * height - 2, height), clip((cy + ry) * height + 2, height)];
  for (let row = top; row < bottom; row++) {
    for (let column = left; column < right; column++) {
      const [dx, dy] = [((column - width / 2) / height - cx) / rx, (row / height - cy) / ry];
      const outside = (Math.sqrt(dx * dx + dy * dy) - 1) * Math.min(rx, ry) * height;  // pixels
      const share = Math.min(1, Math.max(0, 0.5 - outside / 2));
      const at = (row * width + column) * 3;
      for (let part = 0; part < 3; part++) pixels[at + part] += (colour[part] - pixels[at + part]) * share;
    }
  }
}

// BT.601, one pair of colour differences for four pixels.
function toYuv(pixels, width, height) {
  const bytes = Buffer.alloc(width * height * 1.5);
  const quarter = (width * height) / 4;
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const at = (row * width + column) * 3;
      const [r, g, b] = [pixels[at], pixels[at + 1], pixels[at + 2]];
      bytes[row * width + column] = 16 + (65.7 * r + 129.1 * g + 25.1 * b) / 256;
      if (row % 2 !== 0 || column % 2 !== 0) continue;
      const pair = width * height + (row / 2) * (width / 2) + column / 2;
      bytes[pair] = 128 + (-37.9 * r - 74.5 * g + 112.4 * b) / 256;
      bytes[pair + quarter] = 128 + (112.4 * r - 94.2 * g - 18.3 * b) / 256;
    }
  }
  return bytes;
}

// Even `width` and `height` in pixels. It begins anew every two seconds.
export function writeCamera(path, { width = 320, height = 180, framesPerSecond = 10, look = 'teal' } = {}) {
  const file = openSync(path, 'w');
  writeSync(file, `YUV4MPEG2 W${width} H${height} F${framesPerSecond}:1 Ip A1:1 C420jpeg\n`);
  const wall = paintWall(width, height, looks[look]);
  const count = framesPerSecond * 2;
  for (let index = 0; index < count; index++) {
    const pixels = wall.slice();
    const sway = 0.12 * Math.sin((2 * Math.PI * index) / count);
    for (const [colour, shape] of shapesOf(looks[look], sway)) paintOval(pixels, width, height, colour, shape);
    writeSync(file, 'FRAME\n');
    writeSync(file, toYuv(pixels, width, height));
  }
  closeSync(file);
  return path;
}
