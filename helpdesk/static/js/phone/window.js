// The window of the telephone and the pages of the desk speak over one channel; one window at a time has the telephone.
const NAME = "helpdesk-phone";

/** The channel; heard(message): {state, cause} from the window, {ask} or {act} from a page. */
export function openChannel(heard) {
  const channel = new BroadcastChannel(NAME);
  channel.onmessage = ({ data }) => heard(data);
  return channel;
}

/** Wait for our turn; given() begins what the window has the telephone for, which lasts until the promise that it gives is kept.
 *  A page without https has neither turns nor a microphone, which given() finds out. */
export const takeTurn = (given) => navigator.locks?.request(NAME, given) ?? given();

/** Whether some window has the telephone. */
export const isTaken = async () => Boolean((await navigator.locks?.query())?.held.some(({ name }) => name === NAME));
