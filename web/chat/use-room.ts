// A room for a component: joined while it is shown, joined anew when the network or the user is back.
import { useEffect, useRef, useState } from "preact/hooks";

import { refresh } from "../shared/api";
import { session } from "../shared/session";
import { EMPTY, type Room } from "./fold";
import { inBrowser, Talk } from "./talk";

export interface RoomHandle {
  readonly room: Room;
  say(text: string): void;
  sayAgain(key: string): void;
  forget(key: string): void;
  reconnect(): void;
  /** The server was heard elsewhere: a room that waits for its next try tries at once. */
  wake(): void;
}

export function useRoom(streamId: string | null): RoomHandle {
  const [room, setRoom] = useState(EMPTY);
  const talk = useRef<Talk | null>(null);
  const who = session.value?.user_id;

  useEffect(() => {
    if (streamId === null) return;
    const mine = new Talk(inBrowser(streamId), setRoom);
    talk.current = mine;
    const wake = () => mine.reconnect();
    addEventListener("online", wake);
    return () => {
      removeEventListener("online", wake);
      mine.close();
      talk.current = null;
      setRoom(EMPTY);
    };
  }, [streamId]);

  // Signed in here, a stranger there: the cookie had run out, or somebody has just logged in. Once per person.
  const isStranger = room.connection === "open" && room.you?.user_id !== who;
  const tried = useRef<string | null>(null);
  useEffect(() => {
    if (!isStranger || tried.current === (who ?? "")) return;
    tried.current = who ?? "";
    const back = () => talk.current?.reconnect();
    if (who === undefined) back();
    else refresh().then((isIn) => isIn && back(), () => {});
  }, [isStranger, who]);

  return {
    room,
    say: (text) => talk.current?.say(text),
    sayAgain: (key) => talk.current?.sayAgain(key),
    forget: (key) => talk.current?.forget(key),
    reconnect: () => talk.current?.reconnect(),
    wake: () => {
      if (talk.current?.room.connection === "waiting") talk.current.reconnect();
    },
  };
}
