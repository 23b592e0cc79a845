#!/usr/bin/env bash
# weir template --verify beside the real helm: packages that helm signed, on disk, in an HTTP repository and pushed to the real
# registry; and files that were changed, are missing, or vouch for something else.
# usage: tests/peers/helm_verify.sh [BINARY]
set -euo pipefail
NAME=helm_verify PORT=${PORT:-22120}
. "$(dirname "$0")/helm_servers.sh"
keys=$root/tests/golden/openpgp

printf 'kind: A\nname: {{ .Chart.Name }}-{{ .Chart.Version }}\n' >"$work/chart/templates/a.yaml"
for version in 1.0.0 1.1.0 2.0.0; do
  printf 'apiVersion: v2\nname: app\nversion: %s\n' "$version" >"$work/chart/Chart.yaml"
  sign=(--sign --key rsa@example.com --keyring "$keys/secret.gpg")
  [ $version != 1.1.0 ] || sign=(--sign --key ed@example.com --keyring "$keys/secret.gpg")
  [ $version != 2.0.0 ] || sign=()
  helm package "$work/chart" -d "$work/web" "${sign[@]}" >/dev/null
  helm push "$work/web/app-$version.tgz" "oci://$registry/charts" --plain-http >/dev/null 2>&1
done
helm repo index "$work/web" >/dev/null
helm repo add known "$web" >/dev/null
cp "$work"/web/app-1.0.0.tgz* "$work/"

alike() { # template's flags: what is rendered, or why it is refused; in both --verify
  local side run
  for side in helm weir; do
    run=(helm template); [ $side = helm ] || run=("$weir" template --compat helm-4.1)
    (cd "$work" && "${run[@]}" rel --verify "$@" >"$side.out" 2>"$side.err" || grep '^Error' "$side.err" >"$side.out") || true
  done
  # What a registry or a server says for itself is cut off.
  sed -i "s/^\(Error: failed to fetch provenance\).*/\1/" "$work/helm.out" "$work/weir.out"
  if [ -s "$work/helm.out" ] && diff "$work/helm.out" "$work/weir.out" >"$work/diff"; then
    echo "✓ $*: $(tail -1 "$work/helm.out" | cut -c1-90)"
  else
    echo "✗ $*"; cat "$work/diff" "$work/weir.err"; failures=$((failures + 1))
  fi
}
changed() { # sed's words for the provenance file
  cp "$work/web/app-1.0.0.tgz.prov" "$work/"
  sed -i "$1" "$work/app-1.0.0.tgz.prov"
  alike app-1.0.0.tgz --keyring "$keys/rsa.gpg"
}
alike app-1.0.0.tgz --keyring "$keys/rsa.gpg"
alike app-1.0.0.tgz --keyring "$keys/secret.gpg"
alike app-1.0.0.tgz --keyring "$keys/other.gpg"
alike app-1.0.0.tgz --keyring "$keys/ed.gpg"
alike app-1.0.0.tgz --keyring "$work/none.gpg"
alike app-1.0.0.tgz --keyring "$work/chart/Chart.yaml"
alike web/app-1.1.0.tgz --keyring "$keys/ed.gpg"
alike web/app-2.0.0.tgz --keyring "$keys/rsa.gpg"
alike chart --keyring "$keys/rsa.gpg"
alike chart/Chart.yaml --keyring "$keys/rsa.gpg"
GNUPGHOME=$work alike app-1.0.0.tgz
cp "$keys/rsa.gpg" "$work/pubring.gpg"
GNUPGHOME=$work alike app-1.0.0.tgz
changed 's/version: 1.0.0/version: 1.0.1/'
changed 's/^name: app$/name: app  /'
changed 's/$/\r/'
changed 's/^Hash:.*/Foo: x/'
changed '/^Hash:/d'
changed '/BEGIN PGP SIGNATURE/,$d'
changed '1i text before'
changed 's/sha256:/sha1:/'
changed 'd'
cp "$work/web/app-1.0.0.tgz.prov" "$work/"
echo more >>"$work/app-1.0.0.tgz"
alike app-1.0.0.tgz --keyring "$keys/rsa.gpg"
mv "$work/web/app-1.1.0.tgz" "$work/app-1.0.0.tgz"
alike app-1.0.0.tgz --keyring "$keys/rsa.gpg"
mv "$work/app-1.0.0.tgz" "$work/web/app-1.1.0.tgz"

alike app --repo "$web" --version 1.0.0 --keyring "$keys/rsa.gpg"
alike app --repo "$web" --version 1.1.0 --keyring "$keys/ed.gpg"
alike app --repo "$web" --version 1.1.0 --keyring "$keys/rsa.gpg"
alike app --repo "$web" --version 2.0.0 --keyring "$keys/rsa.gpg"
alike known/app --version '~1.0' --keyring "$keys/rsa.gpg"
alike "$web/app-1.0.0.tgz" --keyring "$keys/rsa.gpg"
alike "$web/app-2.0.0.tgz" --keyring "$keys/rsa.gpg"
alike "oci://$registry/charts/app" --plain-http --version 1.0.0 --keyring "$keys/rsa.gpg"
alike "oci://$registry/charts/app" --plain-http --version 1.0.0 --keyring "$keys/other.gpg"
alike "oci://$registry/charts/app:1.1.0" --plain-http --keyring "$keys/ed.gpg"
alike "oci://$registry/charts/app" --plain-http --version 2.0.0 --keyring "$keys/rsa.gpg"
echo "$failures differ"
[ "$failures" -eq 0 ]
