import { type Check, fail, ok, skipped, warn } from '../finding.ts'

export const targetChecks: readonly Check[] = [
  {
    name: 'target',
    look: ({ target, gateway }) => {
      if (gateway.reasons.includes('target_is_foreman'))
        return fail(
          'the address of the target leads back to foreman',
          'set FOREMAN_OLLAMA_URL to the Ollama server',
        )
      if (!target)
        return gateway.reasons.includes('target_away')
          ? fail('foreman does not reach the target', 'start Ollama, and check FOREMAN_OLLAMA_URL')
          : skipped('its address is not known here')
      const { url, state, problem, version } = target
      switch (state) {
        case 'unreachable':
          return fail(`nothing answers at ${url} (${problem})`, 'start Ollama, and check FOREMAN_OLLAMA_URL')
        case 'refused':
          return fail(
            `${url} refuses the credentials (${problem})`,
            'set FOREMAN_OLLAMA_TOKEN to the token that it wants',
          )
        case 'other':
          return fail(
            `what answers at ${url} is no Ollama (${problem})`,
            'set FOREMAN_OLLAMA_URL to the Ollama server, without a path such as /v1',
          )
        case 'ollama':
          return ok(`Ollama ${version} at ${url}`)
      }
    },
  },
  {
    name: 'models',
    look: ({ target }) => {
      if (target?.state !== 'ollama' || target.models === undefined) return skipped('the target is not there')
      return target.models === 0
        ? warn('the target has no models', "install one on it, such as with 'ollama pull llama3.2'")
        : ok(`${target.models}`)
    },
  },
  {
    name: 'passers-by',
    look: ({ store }) => {
      const content = store?.content
      if (!content) return skipped('the queue cannot be read')
      return content.foreignLoads === 0
        ? ok('nobody else loads models, as far as foreman has seen')
        : warn(
            `${content.foreignLoads} loads were needed because others have loaded models, beside ${content.loads} of foreman's own`,
            'let all programs use the target through foreman; a firewall can keep the others away',
          )
    },
  },
  {
    name: 'generation',
    look: ({ generated }) => {
      if (!generated) return skipped('only with --generate MODEL')
      const { model, tookMs, problem } = generated
      return tookMs === undefined
        ? fail(
            `${model} generates nothing (${problem})`,
            "look at Ollama's log, and restart it if it is stuck",
          )
        : ok(`${model}: one token in ${Math.round(tookMs)} ms, with its load`)
    },
  },
]
