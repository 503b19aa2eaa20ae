import type { QueueSystem } from '@foreman/jobs'
import type { ShownSetting } from '@foreman/process'
import type { ProcessRow, StoreExamination } from '@foreman/store'

/** All that was found out. What could not be, or was not wanted, is undefined. */
export interface Facts {
  readonly now: number
  readonly node: string
  readonly version: string
  /** Undefined: foreman runs elsewhere. */
  readonly settings: SettingsFacts | undefined
  readonly store: StoreFacts | undefined
  readonly gateway: GatewayFacts
  /** `GET /queue/system`, for those who may. */
  readonly system: QueueSystem | undefined
  readonly target: TargetFacts | undefined
  /** Hosts of webhooks that wait whose names lead nowhere. */
  readonly lostReceivers: readonly string[] | undefined
  readonly generated: GeneratedFacts | undefined
  readonly through: ThroughFacts | undefined
}

export interface SettingsFacts {
  /** Why they cannot be used. */
  readonly problem: string | undefined
  readonly shown: readonly ShownSetting[]
  /** Whether other machines reach the gateway. */
  readonly isOpenToOthers: boolean
  readonly hasTokens: boolean
  readonly callers: number
  readonly hasOperator: boolean
  readonly allowsAllOrigins: boolean
  readonly hasWebhookSecret: boolean
  readonly minFreeBytes: number
}

export interface StoreFacts extends StoreExamination {
  /** What stands in it; undefined when it cannot be read. */
  readonly content: ContentFacts | undefined
}

export interface ContentFacts {
  readonly processes: readonly ProcessRow[]
  /** Loads of others, so far. */
  readonly foreignLoads: number
  readonly loads: number
  readonly pendingWebhooks: number
  readonly deadWebhooks: number
}

export interface GatewayFacts {
  readonly url: string
  readonly state: 'foreman' | 'other' | 'unreachable'
  /** Why it is unreachable, or what else answers. */
  readonly problem?: string
  readonly reasons: readonly string[]
  /** By how much its clock is ahead of this one. */
  readonly aheadMs?: number | undefined
  /** Whether it refuses the token. */
  readonly isRefused: boolean
}

export interface TargetFacts {
  readonly url: string
  readonly state: 'ollama' | 'other' | 'refused' | 'unreachable'
  readonly problem?: string
  readonly version?: string
  readonly models?: number
  readonly aheadMs?: number | undefined
}

export interface GeneratedFacts {
  readonly model: string
  /** How long one token took. Undefined: it did not come. */
  readonly tookMs: number | undefined
  readonly problem?: string
}

/** What was seen through the public address. */
export interface ThroughFacts {
  readonly url: string
  readonly isForeman: boolean
  readonly problem?: string | undefined
  /** What became of a stream on which soon nothing but heartbeats come. Undefined: none could be opened. */
  readonly stream?: 'comes' | 'held_back' | 'cut' | undefined
  /** After how much silence it was cut. */
  readonly cutAfterMs?: number | undefined
  /** How large a body was that was sent, and whether foreman got it. */
  readonly bodyBytes?: number | undefined
  readonly isBodyTaken?: boolean | undefined
  /** Whether foreman sees the name that the caller has used. */
  readonly isHostKept?: boolean | undefined
}
