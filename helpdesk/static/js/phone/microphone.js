// The microphone: whether it can be had, and if not why. Troubles: denied, missing, busy, insecure.
const TROUBLES = { NotAllowedError: "denied", SecurityError: "denied", NotFoundError: "missing", OverconstrainedError: "missing" };

/** {stream} or {trouble}. */
export async function openMicrophone() {
  if (!navigator.mediaDevices) return { trouble: "insecure" };
  try {
    return { stream: await navigator.mediaDevices.getUserMedia({ audio: true }) };
  } catch (error) {
    return { trouble: TROUBLES[error.name] ?? "busy" };
  }
}

/** Let go of it. */
export const stop = (stream) => stream?.getTracks().forEach((track) => track.stop());

/** Open it for a moment: what is the trouble, "" where there is none. */
export async function troubleOfMicrophone() {
  const { stream, trouble = "" } = await openMicrophone();
  stop(stream);
  return trouble;
}
