import type { Durability } from './connection.ts'
import type { Asked, GroupCommit, News } from './group-commit.ts'
import { ofContract } from './sqlite-errors.ts'

/** Makes a verb of a function that reads the file at once. */
export const reads =
  <Args extends unknown[], T>(act: (...args: Args) => T) =>
  async (...args: Args): Promise<T> => {
    try {
      return act(...args)
    } catch (error) {
      throw ofContract(error)
    }
  }

export type Writes = ReturnType<typeof writesOf>

/** Makes verbs of functions that change the file. Each is one unit of a group commit. */
export const writesOf = (group: GroupCommit) => {
  const translated = async <T>(writing: Promise<T>): Promise<T> => {
    try {
      return await writing
    } catch (error) {
      throw ofContract(error)
    }
  }
  /** Does one unit. */
  const write = <T>(durability: Asked, act: () => T): Promise<T> => translated(group.write(durability, act))
  const telling =
    (news: News) =>
    <Args extends unknown[], T>(act: (...args: Args) => T) =>
    (...args: Args): Promise<T> =>
      translated(group.write('normal', () => act(...args), news))
  return {
    write,
    /**
     * A verb that is always one unit.
     *
     * @param durability may depend on what the verb is called with
     */
    verb:
      <Args extends unknown[], T>(
        durability: Durability | ((args: NoInfer<Args>) => Durability),
        act: (...args: Args) => T,
      ) =>
      (...args: Args): Promise<T> =>
        write(
          () => (typeof durability === 'string' ? durability : durability(args)),
          () => act(...args),
        ),
    /** A quick verb of one unit of which other processes may hear a little later. */
    quiet: telling('soon'),
    /** A verb of one unit that no other process needs to be told of. */
    unheard: telling('never'),
    /** A quick verb of one unit that nobody waits for, and that no other process needs to be told of. */
    lazy:
      <Args extends unknown[], T>(act: (...args: Args) => T) =>
      (...args: Args): Promise<T> =>
        translated(group.writeLazily('normal', () => act(...args))),
  }
}

/** Makes a verb of a function that reads the file in steps. */
export const steps = <Args extends unknown[], T>(act: (...args: Args) => Iterable<T>) =>
  async function* (...args: Args): AsyncGenerator<T, void> {
    try {
      yield* act(...args)
    } catch (error) {
      throw ofContract(error)
    }
  }
