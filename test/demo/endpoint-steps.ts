/**
 * The part of the demo that runs endpoints of a file and a console, changes them while they run, and
 * audits them against the policy that is in force.
 *
 * It uses the certificates and the disk of the NBD part.
 */
import type { Step } from './step.ts'

/** These set `nbd` and `console` to the addresses that the programs have told in their logs. */
const NBD = `nbd=$(sed -n 's/^ready: nbd at \\([^,]*\\),.*/\\1/p' $base_dir/host.log)`
const CONSOLE = `console=$(sed -n 's/^ready: \\(.*\\) <-> exec$/\\1/p' $base_dir/console.log)`

export const ENDPOINT_STEPS: readonly Step[] = [
  {
    heading: 'Endpoints of a host in one file: a disk over TLS, and a monitor that speaks QMP',
    command: `cat > $base_dir/host.yaml <<END
objects:
  - {qom-type: tls-creds-x509, id: tls0, dir: $base_dir/server, endpoint: server}
nbd: {listen: "tcp:127.0.0.1:0", tls-creds: tls0}
exports:
  - {id: disk, file: $base_dir/disk.raw, writable: true}
monitors:
  - {id: local, listen: "unix:$base_dir/qmp.sock"}
END
bin/cryptopolicy endpoint check $base_dir/host.yaml`,
    shows: /^endpoints: nbd, export disk, monitor local$/m,
  },
  {
    heading: 'Serve them under @QEMU,SYSTEM, which objects without a priority ask for',
    command: `bin/cryptopolicy endpoint run $base_dir/host.yaml \\
  --pid-file $base_dir/host.pid > $base_dir/host.log 2>&1 &
while kill -0 $! && ! grep -s ^ready $base_dir/host.log; do sleep 0.1; done`,
    shows: /^ready: nbd at 127\.0\.0\.1:\d+, monitor local at .*qmp\.sock$/m,
  },
  {
    heading: 'A console over TLS; a command of the shell stands for the guest',
    command: `bin/cryptopolicy chardev listen \\
  --object tls-creds-x509,id=tls0,endpoint=server,dir=$base_dir/server \\
  --chardev socket,id=console,host=127.0.0.1,port=0,tls-creds=tls0 \\
  --to exec,command='read line; echo "the guest heard: $line"' \\
  --pid-file $base_dir/console.pid > $base_dir/console.log 2>&1 &
while kill -0 $! && ! grep -s ^ready $base_dir/console.log; do sleep 0.1; done`,
    shows: /^ready: 127\.0\.0\.1:\d+ <-> exec$/m,
  },
  {
    heading: 'openssl, a client of others, speaks to the console',
    needs: 'openssl',
    command: `${CONSOLE}
echo hello | timeout 30 openssl s_client -connect $console -brief -ign_eof \\
  -servername localhost -verify_hostname localhost -verify_return_error \\
  -CAfile $base_dir/laptop/ca-cert.pem \\
  -cert $base_dir/laptop/client-cert.pem -key $base_dir/laptop/client-key.pem 2>&1 |
  grep -E '^(Protocol|Ciphersuite|Verif|the guest)'`,
    shows: /^Protocol version: TLSv1\.3$(?:.|\n)*^the guest heard: hello$/m,
  },
  {
    heading: 'What does the NBD server offer? The monitor answers as that of QEMU does',
    command: 'bin/cryptopolicy qmp $base_dir/qmp.sock query-block-exports',
    shows: /"node-name": "disk"/,
  },
  {
    heading: 'Offer the disk under a second name, for reading alone; clients see it at once',
    command: `bin/cryptopolicy qmp $base_dir/qmp.sock block-export-add \\
  type=nbd id=second node-name=disk name=archive
${NBD}
bin/cryptopolicy nbd list \\
  "nbds://$nbd/?tls-hostname=localhost&tls-certificates=$base_dir/laptop"`,
    shows: /^\{\}\n(?:.|\n)*^archive$/m,
  },
  {
    heading: 'Take TLS 1.2 away from the NBD server while it runs',
    command: `${NBD}
bin/cryptopolicy audit nbd://$nbd --quiet | grep 'TLS1.2  '
bin/cryptopolicy qmp $base_dir/qmp.sock qom-set path=/objects/tls0 property=priority \\
  value=@QEMU,SYSTEM:-VERS-TLS1.2
bin/cryptopolicy audit nbd://$nbd --quiet | grep 'TLS1.2  '`,
    shows: /TLS1\.2 +accepted\n\{\}\n +TLS1\.2 +refused/,
  },
  {
    heading: 'Audit both against the policy in force: no finding; what was not learnt is said',
    command: `${NBD}
${CONSOLE}
bin/cryptopolicy audit nbd://$nbd chardev://$console --quiet \\
  --policy $(bin/update-policies --show) > $base_dir/audit.log
echo "status $?"
sed -n '/^[a-z]*:\\/\\//p; /^Against/,/^[a-z]*:\\/\\//{/:\\/\\//!p}' $base_dir/audit.log`,
    shows:
      /^status 0\n(?!(?:.|\n)*^ {2}(?:high|medium|low) )nbd:(?:.|\n)*^Against(?:.|\n)*^chardev:(?:.|\n)*^Against/m,
  },
  {
    heading: 'A server that does not comply: findings come with the line of the policy',
    needs: 'openssl',
    command: `openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=old.example -days 30 \\
  -keyout $base_dir/old-key.pem -out $base_dir/old-cert.pem 2> $base_dir/old.log
timeout 60 openssl s_server -accept 127.0.0.1:0 -tls1_2 -cipher AES128-SHA:@SECLEVEL=0 \\
  -cert $base_dir/old-cert.pem -key $base_dir/old-key.pem < /dev/zero > $base_dir/old.log 2>&1 &
echo $! > $base_dir/old.pid
while kill -0 $! && ! grep -s ^ACCEPT $base_dir/old.log; do sleep 0.1; done
bin/cryptopolicy audit $(sed -n 's/^ACCEPT //p' $base_dir/old.log) --quiet \\
  --policy $(bin/update-policies --show) > $base_dir/audit.log
echo "status $?"; kill $!; rm $base_dir/old.pid
sed -n '/^Against/,$p' $base_dir/audit.log`,
    shows:
      /^status 1$(?:.|\n)*KEY_TOO_SMALL\)\n +policies\/FUTURE\.pol:\d+:\d+: min_rsa_size(?:.|\n)*SUITE_FORBIDDEN\)\n +policies\/FUTURE\.pol:\d+/m,
  },
  {
    heading: 'Stop the endpoints and the console',
    command: `kill $(cat $base_dir/host.pid $base_dir/console.pid)
while [ -e $base_dir/host.pid ] || [ -e $base_dir/console.pid ]; do sleep 0.1; done
echo stopped`,
    shows: /^stopped$/m,
  },
]
