import type { ContentFacts, SettingsFacts } from '../facts.ts'
import { type Check, fail, type Looked, ok, skipped, warn } from '../finding.ts'

const ofSettings =
  (look: (settings: SettingsFacts) => Looked): Check['look'] =>
  ({ settings }) =>
    settings && settings.problem === undefined ? look(settings) : skipped('the settings are not known')

const ofContent =
  (look: (content: ContentFacts, settings: SettingsFacts | undefined) => Looked): Check['look'] =>
  ({ store, settings }) =>
    store?.content ? look(store.content, settings) : skipped('the queue cannot be read')

export const safetyChecks: readonly Check[] = [
  {
    name: 'open door',
    look: ofSettings(({ isOpenToOthers, hasTokens }) =>
      isOpenToOthers && !hasTokens
        ? warn(
            'whoever reaches this machine may use and operate foreman: it listens to other machines, without a token',
            'set FOREMAN_TOKEN, or FOREMAN_ADDR=127.0.0.1:8080',
          )
        : ok(hasTokens ? 'a token is needed' : 'only this machine reaches it'),
    ),
  },
  {
    name: 'operators',
    look: ofSettings(({ callers, hasOperator }) =>
      callers > 1 && !hasOperator
        ? warn('of several callers nobody may pause, hold or see all jobs', 'set FOREMAN_OPERATOR_TOKEN')
        : ok(hasOperator ? 'by their token' : 'whoever calls'),
    ),
  },
  {
    name: 'web pages',
    look: ofSettings(({ allowsAllOrigins, hasTokens }) =>
      allowsAllOrigins && !hasTokens
        ? fail(
            'every page that a browser near here shows may run jobs (FOREMAN_ORIGINS=*)',
            'list the pages that may in FOREMAN_ORIGINS, or set FOREMAN_TOKEN',
          )
        : ok('only those that may'),
    ),
  },
  {
    name: 'webhook secret',
    look: ofContent(({ pendingWebhooks }, settings) => {
      if (!settings || settings.problem !== undefined) return skipped('the settings are not known')
      return pendingWebhooks > 0 && !settings.hasWebhookSecret
        ? fail(
            `${pendingWebhooks} webhooks wait, and there is no secret to sign them with`,
            'set FOREMAN_WEBHOOK_SECRET for gateway and worker, and start both again',
          )
        : ok(settings.hasWebhookSecret ? 'is set' : 'is not needed')
    }),
  },
  {
    name: 'receivers',
    look: ({ lostReceivers }) => {
      if (!lostReceivers) return skipped('the webhooks cannot be seen')
      return lostReceivers.length > 0
        ? warn(
            `the names of receivers of webhooks lead nowhere: ${lostReceivers.join(', ')}`,
            'check the names, and in containers whether they know them',
          )
        : ok('the names of all that wait are known')
    },
  },
  {
    name: 'dead webhooks',
    look: ofContent(({ deadWebhooks }) =>
      deadWebhooks > 0
        ? warn(
            `${deadWebhooks} webhooks were given up in the last day`,
            "'foreman webhook ls --state dead' says why; 'foreman webhook resend' sends them again",
          )
        : ok('none in the last day'),
    ),
  },
]
