// Which page is shown: "/" or "/r/{room}".

import { useEffect, useState } from 'preact/hooks';
import { capture } from '../browser.js';
import { RoomPage } from './room_page.js';
import { StartPage, type Entry } from './start.js';

interface Place {
  room: string | null;
  entry: Entry | null; // already known: go in without asking
}

function placeOf(path: string): Place {
  const match = /^\/r\/([^/]+)\/?$/.exec(path);
  return { room: match?.[1] ? decodeURIComponent(match[1]).toLowerCase() : null, entry: null };
}

export function App() {
  const [place, setPlace] = useState(() => placeOf(location.pathname));
  useEffect(() => {
    const onPop = () => {
      capture.stop();
      setPlace(placeOf(location.pathname));
    };
    addEventListener('popstate', onPop);
    return () => removeEventListener('popstate', onPop);
  }, []);
  const goHome = () => {
    capture.stop();
    history.pushState(null, '', '/');
    setPlace({ room: null, entry: null });
  };
  const goRoom = (room: string, entry: Entry) => {
    history.pushState(null, '', `/r/${room}`);
    setPlace({ room, entry });
  };
  if (place.room === null) return <StartPage onStarted={goRoom} />;
  return <RoomPage key={place.room} name={place.room} entry={place.entry} onHome={goHome} />;
}
