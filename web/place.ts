// Which page an address stands for. Pure. People type addresses, and programs cut and add to them: whatever comes is some
// page.

export type Place = { page: 'start' } | { page: 'room'; room: string } | { page: 'nowhere' };

export function placeOf(path: string): Place {
  if (/^\/*$/.test(path)) return { page: 'start' };
  const room = /^\/r\/(.+)$/i.exec(path)?.[1];
  if (room === undefined) return { page: 'nowhere' };
  const name = decoded(room).replace(/[\s./]+$/, '').toLowerCase();
  return name === '' ? { page: 'nowhere' } : { page: 'room', room: name };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // of another encoding than UTF-8; no room is called so
  }
}
