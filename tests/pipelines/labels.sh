#!/bin/bash
# imagenet-labels.sh writes the lists from a wheel. The test makes its own wheel, with timm's files but
# other names.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/lib.sh"
labels=$CNX_ROOT/pipelines/imagenet-labels.sh
export XDG_DATA_HOME=$work/data

# make_wheel FILE COUNT: makes a wheel with COUNT instead of 1000 classes in the first list.
make_wheel()
{
    local info=timm/data/_info
    mkdir -p $info
    seq -f 'n%08.0f' 1 "$2" >$info/imagenet_synsets.txt
    seq -f 'n%08.0f' 101 11921 >$info/imagenet12k_synsets.txt
    seq -f 'n%08.0f' 21841 >$info/imagenet22k_synsets.txt
    awk '{ printf "n%08d\tthing %d, matter\n", $1, $1 }' < <(seq 21841) >$info/imagenet_synset_to_lemma.txt
    python3 -m zipfile -c "$1" timm
}

make_wheel timm.whl 1000
"$labels" --wheel timm.whl 2>log || wrong "no lists: $(cat log)"
for list in '1k 1000 282' '12k 11821 382' '22k 21841 282'; do
    # shellcheck disable=SC2086 # three words
    set -- $list
    file=$XDG_DATA_HOME/gst-convnext/imagenet-$1.txt
    [ "$(wc -l <"$file")" -eq "$2" ] || wrong "$file: expected $2 lines"
    [ "$(sed -n 282p "$file")" = "thing $3, matter" ] || wrong "$file: line 282 is $(sed -n 282p "$file")"
done
"$labels" --wheel timm.whl elsewhere 2>log || wrong "no lists elsewhere: $(cat log)"
cmp elsewhere/imagenet-22k.txt "$XDG_DATA_HOME/gst-convnext/imagenet-22k.txt" || bad=1

make_wheel few.whl 999
expect_refusal 'few.whl: imagenet_synsets.txt lists 999 classes, expected 1000' \
    "$labels" --wheel few.whl
seq -f 'n%08.0f' 30001 31000 >timm/data/_info/imagenet_synsets.txt
python3 -m zipfile -c nameless.whl timm
expect_refusal 'nameless.whl: lacks a name for a class of imagenet_synsets.txt' \
    "$labels" --wheel nameless.whl
echo 'not a wheel' >text.whl
expect_refusal 'text.whl: not a wheel of timm' "$labels" --wheel text.whl

# A download of another file than the expected one is refused. This pip "downloads" the wheel above, and
# no package is missing.
mkdir bin
cat >bin/python3 <<END
#!/bin/bash
[ "\$1 \$2 \$3" = '-m pip download' ] || exec $(command -v python3) "\$@"
echo "\$*" >$work/pip
while [ "\$1" != --dest ]; do shift; done
cp $work/timm.whl "\$2/timm-0.0.0-py3-none-any.whl"
END
printf '#!/bin/bash\nprintf "%%s installed\\n" python3 python3-pip\n' >bin/dpkg-query
chmod +x bin/*
PATH=$work/bin:$PATH expect_refusal \
    "timm-0.0.0-py3-none-any.whl: has the SHA-256 $(sha256sum timm.whl | cut -d ' ' -f 1), expected " \
    "$labels" downloaded
[ ! -e downloaded ] || wrong "lists of a wheel with another hash"
grep -q 'timm==[0-9]' pip || wrong "no version is downloaded: $(cat pip)"
expect_refusal '--wheel needs a file' "$labels" --wheel
expect_refusal "expected one folder, found a second one: 'b'" "$labels" a b
expect_refusal "the folder's name is empty" "$labels" ''
make_wheel timm.whl 1000
expect_refusal 'refused.log: cannot be created as a folder' "$labels" --wheel timm.whl "$work/refused.log"
expect_refusal 'the file none.whl does not exist' "$labels" --wheel none.whl
"$labels" --help >help || wrong "--help: status $?"
grep -q '^usage: ' help || wrong "--help: $(cat help)"
exit $bad
