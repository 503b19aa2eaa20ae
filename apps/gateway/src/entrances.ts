import { type Address, listenRefusal, SettingError } from '@foreman/process'
import type { Express } from 'express'
import { isLoopback } from './access/loopback.ts'
import { type GatewayServer, listen } from './http/server.ts'
import { type GatewayConfig, gatewaySettings } from './settings.ts'

/** An address on which the gateway listens, and what holds for those who come there. */
export interface Entrance {
  readonly address: Address
  /** Whose door it is, by the caller's name. Undefined: nobody's. */
  readonly door: string | undefined
  /** Whether the `Host` of a request is checked. */
  readonly checksHost: boolean
  /** The variable that names the address. */
  readonly env: string
}

/** The main entrance, and behind it the doors. */
export const entrancesOf = ({
  addr,
  doors,
}: Pick<GatewayConfig, 'addr' | 'doors'>): readonly [Entrance, ...Entrance[]] => [
  { address: addr, door: undefined, checksHost: isLoopback(addr.host), env: gatewaySettings.addr.env },
  // No token keeps a page out that has made its own name resolve to this machine, so every door checks the `Host`.
  ...doors.map(({ caller, address }) => ({
    address,
    door: caller,
    checksHost: true,
    env: gatewaySettings.doors.env,
  })),
]

export interface OpenEntrance extends GatewayServer {
  readonly door: string | undefined
}

/**
 * Listens on all entrances, or on none.
 *
 * @throws SettingError when one of the addresses cannot be listened on
 */
export const openEntrances = async (
  entrances: readonly Entrance[],
  appAt: (entrance: Entrance) => Express,
): Promise<readonly OpenEntrance[]> => {
  const open: OpenEntrance[] = []
  try {
    for (const entrance of entrances) {
      open.push({ ...(await listen(appAt(entrance), entrance.address)), door: entrance.door })
    }
    return open
  } catch (error) {
    await Promise.all(open.map(closeNow))
    const { env } = entrances[open.length]!
    const refusal = listenRefusal(env)(error)
    throw refusal === undefined ? error : new SettingError(refusal, { cause: error })
  }
}

const closeNow = async (server: GatewayServer): Promise<void> => {
  const closed = server.stopAccepting()
  server.cutConnections()
  await closed
}
