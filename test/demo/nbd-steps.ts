/** The part of the demo that serves a disk over TLS under the policy that is in force. */
import type { Step } from './step.ts'

const DISK = 'nbds+unix:///disk?socket=$base_dir/nbd.sock&tls-hostname=localhost'

/** The address of the disk, for the client that has a certificate of that name. */
function diskFor(holder: string): string {
  return `\\
  "${DISK}\\
&tls-certificates=$base_dir/${holder}"`
}

export const NBD_STEPS: readonly Step[] = [
  {
    heading: 'Certificates for a server and two clients, as strong as the policy asks',
    command: `bin/cryptopolicy pki init $base_dir/ca --cn 'Demo CA'
bin/cryptopolicy pki issue server $base_dir/ca --dns localhost --out $base_dir/server
for name in laptop stranger; do
  bin/cryptopolicy pki issue client $base_dir/ca --org Demo --cn $name --out $base_dir/$name
done`,
    shows: /laptop\/client-cert\.pem: O=Demo,CN=laptop$/m,
  },
  {
    heading: 'Serve a disk with them under @QEMU,SYSTEM, to the laptop alone',
    command: `head -c 16M /dev/urandom > $base_dir/disk.raw && truncate -s 256M $base_dir/disk.raw
bin/cryptopolicy nbd serve $base_dir/disk.raw -x disk -k $base_dir/nbd.sock -e 0 -t \\
  --object tls-creds-x509,id=tls0,endpoint=server,dir=$base_dir/server,priority=@QEMU,,SYSTEM \\
  --object authz-simple,id=laptop,identity=O=Demo,,CN=laptop \\
  --tls-creds tls0 --tls-authz laptop --pid-file $base_dir/nbd.pid > $base_dir/nbd.log 2>&1 &
while kill -0 $! && ! grep -s ^ready $base_dir/nbd.log; do sleep 0.1; done`,
    shows: /^ready: .*nbd\.sock serves 'disk' \(256 MiB\), TLS required$/m,
  },
  {
    heading: 'The laptop copies it; holes stay holes',
    command: `bin/cryptopolicy nbd copy ${diskFor('laptop')} $base_dir/copy.raw
cmp $base_dir/disk.raw $base_dir/copy.raw && du -h $base_dir/copy.raw`,
    shows: /16 MiB of data(.|\n)*^\d+M\t.*copy\.raw$/m,
  },
  {
    heading: 'nbdcopy, a client of others, gets the same',
    needs: 'nbdcopy',
    command: `nbdcopy ${diskFor('laptop')} $base_dir/nbdcopy.raw
cmp $base_dir/disk.raw $base_dir/nbdcopy.raw && echo identical`,
    shows: /^identical$/m,
  },
  {
    heading: 'The stranger has a good certificate too, and is refused',
    command: `bin/cryptopolicy nbd info ${diskFor('stranger')}`,
    status: 69,
    shows: /NBD_ENDED_AFTER_TLS/,
  },
  {
    heading: 'The log of the server says why',
    command: 'tail -n 1 $base_dir/nbd.log',
    shows: /CN=stranger is denied: authz-simple laptop/,
  },
  {
    heading: 'Without TLS a client learns nothing, not even the name of the disk',
    command: 'bin/cryptopolicy nbd list "nbd+unix:///?socket=$base_dir/nbd.sock"',
    status: 69,
    shows: /NBD_SERVER_REQUIRES_TLS/,
  },
  {
    heading: "Renew the server's certificate while it serves: no restart, no connection is lost",
    command: `bin/cryptopolicy pki renew server $base_dir/ca --out $base_dir/server
while kill -0 $(cat $base_dir/nbd.pid) && ! grep -s anew $base_dir/nbd.log; do sleep 0.1; done`,
    shows: /^tls-creds-x509 'tls0': loaded anew$/m,
  },
  {
    heading: 'Stop the server',
    command: `kill $(cat $base_dir/nbd.pid)
while [ -e $base_dir/nbd.pid ]; do sleep 0.1; done; echo stopped`,
    shows: /^stopped$/m,
  },
]
