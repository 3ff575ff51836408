// How tiles fill a stage. Pure; lengths are CSS pixels.

export interface Grid {
  columns: number;
  rows: number;
  width: number; // of one tile
  height: number;
}

// The narrowest tile, width to height. Pictures are cropped to fill it: phones held upright send
// upright pictures, but a wide picture shows little of itself in a narrow tile.
const narrowestUpright = 9 / 16;
const narrowestWide = 0.9;
const widest = 16 / 9;

function fit({ width, height }: Size, narrowest: number): Size {
  const aspect = Math.min(widest, Math.max(narrowest, width / height));
  return width / height > aspect ? { width: height * aspect, height } : { width, height: width / aspect };
}

// The grid that shows the most picture.
export function bestGrid(count: number, width: number, height: number, gap: number): Grid {
  if (count === 1) return { columns: 1, rows: 1, width, height };
  const narrowest = height > width ? narrowestUpright : narrowestWide;
  let best: Grid = { columns: 1, rows: Math.max(1, count), width: 0, height: 0 };
  for (let columns = 1; columns <= count; columns++) {
    const rows = Math.ceil(count / columns);
    const cell = {
      width: (width - gap * (columns - 1)) / columns,
      height: (height - gap * (rows - 1)) / rows,
    };
    if (cell.width <= 0 || cell.height <= 0) continue;
    const tile = fit(cell, narrowest);
    if (tile.width * tile.height > best.width * best.height) best = { columns, rows, ...tile };
  }
  return { ...best, width: Math.floor(best.width), height: Math.floor(best.height) };
}

export interface Rect extends Size {
  x: number;
  y: number;
}

export interface Size {
  width: number;
  height: number;
}

export interface Arrangement {
  featured: string | null; // one tile that gets most of the stage
  faces: string[];
  floating: string | null; // one small tile above the others
}

// Where each tile goes, by its key.
export function arrange(what: Arrangement, stage: Size, gap: number): Map<string, Rect> {
  const rects = new Map<string, Rect>();
  const whole = { x: 0, y: 0, ...stage };
  if (what.featured === null) {
    placeGrid(rects, what.faces, whole, gap);
  } else {
    const [main, strip] = what.faces.length > 0 ? split(whole, gap) : [whole, null];
    rects.set(what.featured, main);
    if (strip) placeGrid(rects, what.faces, strip, gap);
  }
  if (what.floating !== null) rects.set(what.floating, corner(stage, gap));
  return rects;
}

// The featured tile's share, and the rest beside or below it.
function split(stage: Rect, gap: number): [Rect, Rect] {
  const { width, height } = stage;
  if (width > height * 1.1) {
    const strip = Math.round(Math.min(280, Math.max(140, width * 0.22)));
    const main = width - strip - gap;
    return [
      { x: 0, y: 0, width: main, height },
      { x: main + gap, y: 0, width: strip, height },
    ];
  }
  const main = Math.round(height * 0.6);
  return [
    { x: 0, y: 0, width, height: main },
    { x: 0, y: main + gap, width, height: height - main - gap },
  ];
}

function placeGrid(rects: Map<string, Rect>, keys: string[], area: Rect, gap: number): void {
  if (keys.length === 0) return;
  const { columns, rows, width, height } = bestGrid(keys.length, area.width, area.height, gap);
  const top = area.y + (area.height - rows * height - (rows - 1) * gap) / 2;
  keys.forEach((key, index) => {
    const row = Math.floor(index / columns);
    const inRow = Math.min(columns, keys.length - row * columns); // the last row may be short; it is centred
    const left = area.x + (area.width - inRow * width - (inRow - 1) * gap) / 2;
    const x = Math.round(left + (index % columns) * (width + gap));
    rects.set(key, { x, y: Math.round(top + row * (height + gap)), width, height });
  });
}

function corner(stage: Size, gap: number): Rect {
  const upright = stage.height > stage.width;
  const width = Math.round(Math.min(260, Math.max(96, stage.width * (upright ? 0.28 : 0.2))));
  const height = Math.round(upright ? width * 1.25 : (width * 9) / 16);
  return { x: stage.width - width - gap, y: stage.height - height - gap, width, height };
}
