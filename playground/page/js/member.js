// Who is played here: asked for in the address, played last, or the owner.

const KEY = "playground-member";
const OWNER = "you";
const asked = new URLSearchParams(location.search).get("as");

/** The name of the member that this page plays. */
export const MEMBER = asked ?? localStorage.getItem(KEY) ?? OWNER;

/** Play another member from the next visit on. */
export const rememberMember = (name) => localStorage.setItem(KEY, name);
