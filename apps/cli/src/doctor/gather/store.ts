import { examineStore, openReader, type StoreReader, TALLIES } from '@foreman/store'
import type { ContentFacts, StoreFacts } from '../facts.ts'

const DAY_MS = 86_400_000

/** How the queue is, from the outside and, where that is possible, from within. */
export const lookAtStore = async (location: string, isDeep: boolean): Promise<StoreFacts> => {
  const examined = examineStore(location, { isDeep })
  return { ...examined, content: examined.layout === 'current' ? await contentOf(location) : undefined }
}

const contentOf = async (location: string): Promise<ContentFacts | undefined> => {
  let reader: StoreReader | undefined
  try {
    reader = await openReader(location)
    const { overview, history } = reader
    const tallies = await history.tallies()
    const sumOf = (name: string): number =>
      tallies.filter(tally => tally.name === name).reduce((sum, { value }) => sum + value, 0)
    return {
      processes: await overview.processes(),
      foreignLoads: sumOf(TALLIES.foreignLoads),
      loads: sumOf(TALLIES.loads),
      pendingWebhooks: (await overview.messages()).pending,
      deadWebhooks: await overview.deadMessages(reader.now() - DAY_MS),
    }
  } catch {
    // Another check says that it is damaged, or cannot be read.
    return undefined
  } finally {
    await reader?.close()
  }
}
