// Every failure in words: what happened, and what to do now. Keys are the codes of PROTOCOL.md, of
// api.ts and of capture.ts.

export type Way = 'home' | 'retry' | 'rejoin' | 'lobby' | 'plain';

export interface Failure {
  title: string;
  text: string;
  ways: Way[]; // the first one is the main one
}

const failures: Record<string, Failure> = {
  room_unknown: {
    title: 'There is no such room',
    text: 'The link may be mistyped, or the room was closed a while ago. Ask for a new link, or start a room of your own.',
    ways: ['home', 'retry'],
  },
  page_unknown: {
    title: 'There is nothing here',
    text: 'The link may be mistyped. A link to a room has /r/ and the name of the room in it.',
    ways: ['home'],
  },
  room_ended: {
    title: 'This room has ended',
    text: 'The host ended it for everybody, or it stood empty for long. You can start a new one at any time.',
    ways: ['home'],
  },
  room_full: {
    title: 'The room is full',
    text: 'It has as many people as it may have. Try again when somebody has left.',
    ways: ['retry', 'home'],
  },
  room_locked: {
    title: 'The room is locked',
    text: 'The host lets nobody new in at the moment. Ask the host to unlock it, then try again.',
    ways: ['retry', 'home'],
  },
  removed: {
    title: 'The host removed you',
    text: 'Your place in the room is gone. You may ask to come in again.',
    ways: ['lobby', 'home'],
  },
  banned: {
    title: 'You can’t join this room',
    text: 'The host removed you for as long as this room exists.',
    ways: ['home'],
  },
  password_required: {
    title: 'This room has a password',
    text: 'Type the password that came with the invitation.',
    ways: ['lobby', 'home'],
  },
  password_wrong: {
    title: 'That isn’t the password',
    text: 'Check capital letters and spaces, and try again.',
    ways: ['lobby', 'home'],
  },
  link_bad: {
    title: 'This invitation link doesn’t work',
    text: 'It was probably cut off when it was copied. Ask for it again, or try to join without it.',
    ways: ['plain', 'home'],
  },
  link_expired: {
    title: 'This invitation has expired',
    text: 'Ask for a new one, or try to join without it.',
    ways: ['plain', 'home'],
  },
  link_revoked: {
    title: 'This invitation was withdrawn',
    text: 'Ask the person who sent it for a new one, or try to join without it.',
    ways: ['plain', 'home'],
  },
  replaced: {
    title: 'You opened this room elsewhere',
    text: 'You are in the room in another tab or window, so this one let go.',
    ways: ['rejoin', 'home'],
  },
  left: {
    title: 'You left the room',
    text: 'It goes on without you. Come back any time with the same link.',
    ways: ['lobby', 'home'],
  },
  rate_limited: {
    title: 'That was too fast',
    text: 'The server asks to slow down. Wait a few seconds, then try again.',
    ways: ['retry', 'home'],
  },
  bad_message: {
    title: 'The page and the server disagree',
    text: 'This page is probably older than the server. Load it again.',
    ways: ['retry', 'home'],
  },
  protocol_error: {
    title: 'The page and the server disagree',
    text: 'This page is probably older than the server. Load it again.',
    ways: ['retry', 'home'],
  },
  unknown_message: {
    title: 'The page and the server disagree',
    text: 'This page is probably newer than the server. Load it again.',
    ways: ['retry', 'home'],
  },
  name_bad: {
    title: 'That name can’t be used',
    text: 'Choose a name of 1 to 64 letters.',
    ways: ['lobby', 'home'],
  },
  room_exists: {
    title: 'A room with this name is open',
    text: 'Choose another room name, or leave it empty to get one.',
    ways: ['home'],
  },
  server_full: {
    title: 'The server is full',
    text: 'It has no room for more people right now. Try again in a moment.',
    ways: ['retry', 'home'],
  },
  busy: {
    title: 'The server is busy',
    text: 'It has too much to do right now. Try again in a moment.',
    ways: ['retry', 'home'],
  },
  server_restarting: {
    title: 'The server is restarting',
    text: 'It will be back in a few seconds. Wait a moment, then try again.',
    ways: ['retry', 'home'],
  },
  store_unavailable: {
    title: 'The server can’t save anything right now',
    text: 'Its disk is probably full, so it opens no new room and makes no link. Whoever runs it has to make space.',
    ways: ['retry', 'home'],
  },
  password_bad: {
    title: 'That password can’t be used',
    text: 'It is too long. Choose a shorter one.',
    ways: ['home'],
  },
  key_required: {
    title: 'Rooms are made by invitation here',
    text: 'Whoever runs this server has not opened it to everybody. Ask them for a room.',
    ways: ['home'],
  },
  origin_refused: {
    title: 'This address isn’t allowed',
    text: 'The server doesn’t expect to be used under this address. Whoever runs it can add it to the setting http.origins.',
    ways: ['retry'],
  },
  bad_request: {
    title: 'The server refused this',
    text: 'Something about the request is wrong.',
    ways: ['home'],
  },
  unreachable: {
    title: 'The server doesn’t answer',
    text: 'It may be restarting, or your network may be down. Check your connection, then try again.',
    ways: ['retry', 'home'],
  },
  // ---- of single requests ----
  link_unknown: { title: 'There is no such link', text: 'It was not made for this room.', ways: [] },
  too_many_links: {
    title: 'The room has too many links',
    text: 'It has 1000 that let somebody in. Revoke some of them, or void all of them, then make this one again.',
    ways: [],
  },
  not_allowed: { title: 'You may not do that', text: 'Only the host can do this.', ways: [] },
  member_unknown: { title: 'That person has left', text: 'They are not in the room any more.', ways: [] },
  target_unknown: { title: 'That message is gone', text: 'It was deleted or is too old.', ways: [] },
  text_bad: { title: 'The message can’t be posted', text: 'It is too long, or has nothing in it that can be shown. Change it and send it again.', ways: [] },
  chat_unavailable: {
    title: 'The chat can’t be written right now',
    text: 'The server could not save it, so it was not posted. Your text is kept here: try again.',
    ways: [],
  },
  unsure: {
    title: 'It isn’t known whether this was posted',
    text: 'The connection broke at the wrong moment. Look whether it stands above before you post it again.',
    ways: [],
  },
};

const other: Failure = {
  title: 'Something went wrong',
  text: 'Try again. If it stays like this, tell whoever runs this server.',
  ways: ['retry', 'home'],
};

export function failure(code: string): Failure {
  return failures[code] ?? other;
}

export interface DeviceFailure {
  title: string;
  text: string;
}

type Device = 'mic' | 'cam' | 'screen';
const deviceNames = { mic: 'microphone', cam: 'camera' };

function screenFailure(code: string): DeviceFailure {
  switch (code) {
    case 'permission_denied':
      return {
        title: 'No permission to share the screen',
        text: 'The system blocked it. Allow this browser to record the screen in the settings of the system, then share again.',
      };
    case 'no_device':
      return { title: 'Nothing to share was found', text: 'Open the window that you want to show, then share again.' };
    case 'insecure_origin':
      return {
        title: 'The browser does not share the screen here',
        text: 'Phones and some browsers cannot, and others do so only on a secure address (https://, or localhost).',
      };
    default:
      return { title: 'The screen was not shared', text: 'Try it again, or share a window or a tab instead.' };
  }
}

export function deviceFailure(code: string, device: Device): DeviceFailure {
  if (device === 'screen') return screenFailure(code);
  const name = deviceNames[device];
  switch (code) {
    case 'permission_denied':
      return {
        title: `No permission for the ${name}`,
        text: `The browser blocked it. Click the icon at the left of the address, allow the ${name}, then turn it on again.`,
      };
    case 'no_device':
      return {
        title: `No ${name} found`,
        text: `Plug one in and turn it on, or go on without: you still see, hear and chat.`,
      };
    case 'device_busy':
      return {
        title: `The ${name} is in use`,
        text: `Another program seems to hold it. Close that one, then turn the ${name} on again.`,
      };
    case 'insecure_origin':
      return {
        title: `The browser gives no ${name} here`,
        text: `It does so only on a secure address (https://, or localhost). Open the room with https.`,
      };
    case 'device_lost':
      return { title: `The ${name} was unplugged`, text: `Plug it in again or choose another one.` };
    default:
      return { title: `The ${name} did not start`, text: `Try it again, or choose another device.` };
  }
}
