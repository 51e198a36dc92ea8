/** What the session that keeps a connection to another machine is known by. */

/** `ls` leaves out sessions with this tag. */
export const TUNNEL_TAG = "agentd:connection"

/** Session names end at 64 characters. */
export const tunnelSessionName = (host: string): string => `ssh-${host}`.slice(0, 64)
