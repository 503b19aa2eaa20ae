import { expect, test } from 'vitest'
import { fileSystemIn } from './file-system.ts'

const mounts = [
  '22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw',
  '30 22 0:45 / /data rw - nfs4 server:/x rw',
  String.raw`31 30 0:46 / /data/a\040b rw - fuse.sshfs me@host: rw`,
  '32 22 0:47 / /over rw - ext4 /dev/sdb rw',
  '33 32 0:48 / /over rw - tmpfs tmpfs rw',
].join('\n')

test.each([
  ['/home/foreman.db', 'ext4'],
  ['/data/foreman.db', 'nfs4'],
  ['/database/foreman.db', 'ext4'],
  ['/data/a b/foreman.db', 'fuse.sshfs'],
  ['/over/foreman.db', 'tmpfs'],
])('%s is on %s', (file, expected) => {
  expect(fileSystemIn(mounts, file)).toBe(expected)
})

test('without mounts nobody knows', () => {
  expect(fileSystemIn('', '/a')).toBeUndefined()
})
