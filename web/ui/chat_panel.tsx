import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { JSX, RefObject } from 'preact';
import { reactedBy } from '../chat.js';
import { failure } from '../failures.js';
import type { ChatRecord, Gap, Posted } from '../protocol.js';
import type { Room } from '../room.js';
import { lengthWords, pieces, postable } from '../text.js';
import type { RoomActions } from './actions.js';
import { useStore } from './hooks.js';
import { ChatIcon, CloseIcon, SendIcon, SmileIcon, TrashIcon } from './icons.js';
import { Button, IconButton } from './parts.js';
import { Avatar } from './tile.js';

const emojis = ['👍', '❤️', '😂', '🎉', '😮', '👏'];
const groupWithin = 180_000; // ms: one heading for messages of one author so close together

interface ChatPanelProps {
  room: Room;
  actions: RoomActions;
  focus: boolean;
}

export function ChatPanel({ room, actions, focus }: ChatPanelProps) {
  const input = useRef<HTMLTextAreaElement>(null);
  const takeBack = (nonce: string) => {
    room.takeBack(nonce);
    input.current?.focus();
  };
  return (
    <aside class="panel" aria-label="Chat">
      <header class="panel-head">
        <h2>Chat</h2>
        <IconButton label="Close the chat" onClick={() => actions.setPanel(null)}>
          <CloseIcon />
        </IconButton>
      </header>
      <Messages room={room} actions={actions} onTakeBack={takeBack} />
      <Composer room={room} focus={focus} input={input} />
    </aside>
  );
}

// ---- messages ----

interface MessagesProps {
  room: Room;
  actions: RoomActions;
  onTakeBack(nonce: string): void;
}

function Messages({ room, actions, onTakeBack }: MessagesProps) {
  const { messages, gaps, more } = useStore(room.store, ({ log }) => log);
  const posted = useStore(room.store, (state) => state.posted);
  const loading = useStore(room.store, (state) => state.loadingOlder);
  const everJoined = useStore(room.store, (state) => state.everJoined);
  const { list, below, onScroll, toEnd } = useScroll(messages[0]?.seq, messages.length + posted.length);
  const rest = gaps.filter((gap) => !messages.some(({ seq }) => seq > gap.to));
  const empty = messages.length === 0 && posted.length === 0 && gaps.length === 0;
  return (
    <div class="messages-box">
      <div class="messages" ref={list} onScroll={onScroll} tabIndex={0} role="log" aria-label="Messages">
        {more && (
          <Button tone="quiet" class="older" data-testid="load-older" disabled={loading} onClick={() => room.loadOlder()}>
            {loading ? 'Loading…' : 'Load older messages'}
          </Button>
        )}
        {empty && everJoined && (
          <div class="panel-empty">
            <ChatIcon size={32} />
            <p>No messages yet. Say hello.</p>
          </div>
        )}
        <ol class="message-list">
          {messages.map((message, index) => (
            <Message
              key={message.seq}
              room={room}
              actions={actions}
              message={message}
              before={messages[index - 1]}
              gap={gaps.find(({ to }) => to < message.seq && to >= (messages[index - 1]?.seq ?? 0))}
            />
          ))}
          {rest.length > 0 && <GapNote />}
          {posted.map((post) => (
            <PostedMessage key={post.nonce} room={room} post={post} onTakeBack={onTakeBack} />
          ))}
        </ol>
      </div>
      {below && (
        <Button class="to-end" onClick={toEnd}>
          Newest messages
        </Button>
      )}
    </div>
  );
}

// Stays at the end when it was there, and where it was when older messages come in above.
function useScroll(firstSeq: number | undefined, count: number) {
  const list = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);
  const height = useRef(0);
  const shown = useRef(0); // how much of it
  const first = useRef(firstSeq);
  const [below, setBelow] = useState(false);
  const toEnd = () => {
    const element = list.current;
    if (element) element.scrollTop = element.scrollHeight;
  };
  useLayoutEffect(() => {
    const element = list.current;
    if (!element) return;
    const olderCame = first.current !== undefined && firstSeq !== undefined && firstSeq < first.current;
    if (olderCame && !atEnd.current) element.scrollTop += element.scrollHeight - height.current;
    else if (atEnd.current) toEnd();
    else setBelow(true);
    first.current = firstSeq;
    height.current = element.scrollHeight;
  }, [firstSeq, count]);
  // A phone's keyboard takes half of the height, in several steps.
  useEffect(() => {
    const element = list.current;
    if (!element) return;
    const observer = new ResizeObserver(() => {
      shown.current = element.clientHeight;
      if (atEnd.current) toEnd();
    });
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  const onScroll = () => {
    const element = list.current;
    if (!element || element.clientHeight !== shown.current) return; // not scrolled by hand: the size changes
    atEnd.current = element.scrollHeight - element.scrollTop - element.clientHeight < 60;
    height.current = element.scrollHeight;
    if (atEnd.current) setBelow(false);
  };
  return { list, below, onScroll, toEnd };
}

function GapNote() {
  return (
    <li class="gap" data-testid="gap">
      You missed messages here. They can’t be had any more.
    </li>
  );
}

interface MessageProps {
  room: Room;
  actions: RoomActions;
  message: ChatRecord;
  before: ChatRecord | undefined;
  gap: Gap | undefined;
}

function Message({ room, actions, message, before, gap }: MessageProps) {
  const you = useStore(room.store, (state) => state.you);
  const grouped = !gap && before?.from === message.from && message.at - before.at < groupWithin;
  const mine = message.from === you;
  return (
    <>
      {gap && <GapNote />}
      <li
        class={`message ${mine ? 'message-mine' : ''} ${grouped ? 'message-grouped' : ''}`}
        data-testid="chat-message"
        data-seq={message.seq}
      >
        {!grouped && (
          <p class="message-head">
            <Avatar member={{ id: message.from, name: message.name }} small />
            <strong class="cut" dir="auto">
              {mine ? 'You' : message.name}
            </strong>
            <time dateTime={new Date(message.at).toISOString()}>{timeWords(message.at)}</time>
          </p>
        )}
        {message.deleted ? (
          <p class="message-text message-deleted">Deleted</p>
        ) : (
          <>
            <p class="message-text" dir="auto">
              {textWithLinks(message.text)}
            </p>
            <MessageFoot room={room} actions={actions} message={message} you={you} />
          </>
        )}
      </li>
    </>
  );
}

function textWithLinks(text: string): JSX.Element[] {
  return pieces(text).map((piece, index) =>
    piece.kind === 'link' ? (
      <a key={index} href={piece.href} target="_blank" rel="noopener noreferrer">
        {piece.text}
      </a>
    ) : (
      <span key={index}>{piece.text}</span>
    ),
  );
}

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const clockAndDay = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' });

function timeWords(at: number): string {
  const today = new Date(at).toDateString() === new Date().toDateString();
  return (today ? clock : clockAndDay).format(at);
}

interface MessageFootProps {
  room: Room;
  actions: RoomActions;
  message: ChatRecord;
  you: string;
}

function MessageFoot(props: MessageFootProps) {
  const { room, message, you } = props;
  const [picking, setPicking] = useState(false);
  const given = Object.entries(message.reactions ?? {});
  const react = (emoji: string) => {
    const on = !reactedBy(message, emoji).includes(you);
    room.react(message.seq, emoji, on);
    setPicking(false);
  };
  return (
    <div class="message-foot" onKeyDown={(event) => event.key === 'Escape' && setPicking(false)}>
      {given.map(([emoji, by]) => (
        <button
          key={emoji}
          type="button"
          class="reaction"
          aria-pressed={by.includes(you)}
          aria-label={`${emoji}, ${by.length}`}
          onClick={() => react(emoji)}
        >
          {emoji} <span>{by.length}</span>
        </button>
      ))}
      <span class={`message-actions ${picking ? 'message-actions-open' : ''}`}>
        {picking &&
          emojis.map((emoji) => (
            <button key={emoji} type="button" class="emoji" aria-label={`React with ${emoji}`} onClick={() => react(emoji)}>
              {emoji}
            </button>
          ))}
        <IconButton
          label={picking ? 'Close reactions' : 'React'}
          class="mini"
          aria-expanded={picking}
          data-testid="react"
          onClick={() => setPicking(!picking)}
        >
          <SmileIcon size={18} />
        </IconButton>
        <DeleteButton {...props} />
      </span>
    </div>
  );
}

function DeleteButton({ room, actions, message, you }: MessageFootProps) {
  const isHost = useStore(room.store, () => room.me()?.role === 'host');
  if (message.from !== you && !isHost) return null;
  const remove = () =>
    actions.ask({
      title: 'Delete this message?',
      text: 'Its text is gone for everybody. This can’t be undone.',
      yes: 'Delete',
      run: () => room.deleteMessage(message.seq),
    });
  return (
    <IconButton label="Delete message" class="mini mini-delete" data-testid="delete" onClick={remove}>
      <TrashIcon size={18} />
    </IconButton>
  );
}

interface PostedMessageProps {
  room: Room;
  post: Posted;
  onTakeBack(nonce: string): void;
}

function PostedMessage({ room, post, onTakeBack }: PostedMessageProps) {
  const { nonce, text, state, code = '' } = post;
  const { title, text: why } = failure(code);
  return (
    <li class="message message-mine" data-testid="chat-pending" data-state={state}>
      <p class="message-text" dir="auto">
        {textWithLinks(text)}
      </p>
      {state === 'sending' ? (
        <p class="message-state">Sending…</p>
      ) : (
        <div class="message-failed" role="alert" data-testid="failure" data-code={code}>
          <p>
            <strong>{title}.</strong> {why}
          </p>
          <div class="row">
            {code !== 'text_bad' && (
              <Button data-testid="chat-retry" onClick={() => room.repost(nonce)}>
                Retry
              </Button>
            )}
            <Button data-testid="chat-edit" onClick={() => onTakeBack(nonce)}>
              Edit
            </Button>
            <Button tone="quiet" data-testid="chat-discard" onClick={() => room.discard(nonce)}>
              Discard
            </Button>
          </div>
        </div>
      )}
    </li>
  );
}

// ---- writing ----

interface ComposerProps {
  room: Room;
  focus: boolean;
  input: RefObject<HTMLTextAreaElement | null>;
}

function Composer({ room, focus, input }: ComposerProps) {
  const limit = useStore(room.store, ({ limits }) => limits.textBytes);
  const text = useStore(room.draft, (draft) => draft.text);
  const said = postable(text);
  const length = lengthWords(said, limit);
  const sendable = said !== '' && !length?.tooLong;
  const change = (next: string) => room.draft.set({ text: next });
  // On a touch screen the focus would bring up the keyboard over what was to be read.
  useEffect(() => {
    if (focus && matchMedia('(hover: hover)').matches) input.current?.focus({ preventScroll: true });
  }, []);
  useLayoutEffect(() => {
    const element = input.current;
    if (!element) return;
    element.style.height = 'auto';
    element.style.height = `${Math.min(element.scrollHeight, 140)}px`;
  }, [text]);
  const send = () => {
    if (!sendable) return;
    room.post(said);
    change('');
    input.current?.focus();
  };
  const onKey = (event: KeyboardEvent) => {
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    send();
  };
  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      {length && (
        <p class={length.tooLong ? 'field-error' : 'field-hint'} role="status" data-testid="chat-length">
          {length.text}
        </p>
      )}
      <div class="composer-row">
        <textarea
          ref={input}
          rows={1}
          dir="auto"
          value={text}
          aria-label="Message"
          placeholder="Write a message"
          enterkeyhint="send"
          data-testid="chat-input"
          onInput={(event) => change(event.currentTarget.value)}
          onKeyDown={onKey}
        />
        <IconButton type="submit" label="Send" class="send" disabled={!sendable} data-testid="chat-send">
          <SendIcon />
        </IconButton>
      </div>
    </form>
  );
}
