#!/bin/bash
# convnext-teach: classes of drawn pictures, the folder that it writes, --add, and what it refuses.
#
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/lib.sh"

cat >draw.py <<'END'
# draw.py FOLDER SEED COUNT: COUNT pictures each of stripes, a bright square, and a dark one, on noise.
import os, random, struct, sys, zlib

folder, seed, count = sys.argv[1], sys.argv[2], int(sys.argv[3])

def chunk(kind, data):
    return struct.pack('>I', len(data)) + kind + data + struct.pack('>I', zlib.crc32(kind + data))

def draw(kind, r):
    w, h, x0, y0 = r.randint(60, 70), r.randint(50, 60), r.randint(5, 15), r.randint(5, 10)
    rows = b''
    for y in range(h):
        rows += b'\0'
        for x in range(w):
            inside = x0 <= x < x0 + 35 and y0 <= y < y0 + 30
            value = {'bright': 230 if inside else 110, 'dark': 10 if inside else 110,
                     'stripes': 230 if (x + x0) % 8 < 4 else 20}[kind]
            rows += bytes(max(0, min(255, value + r.randint(-8, 8))) for _ in range(3))
    return (b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', struct.pack('>IIBBBBB', w, h, 8, 2, 0, 0, 0)) +
            chunk(b'IDAT', zlib.compress(rows, 1)) + chunk(b'IEND', b''))

for kind in 'bright', 'dark', 'stripes':
    os.makedirs(f'{folder}/{kind}', exist_ok=True)
    r = random.Random(kind + seed)
    for i in range(count):
        with open(f'{folder}/{kind}/{seed}{i}.png', 'wb') as file:
            file.write(draw(kind, r))
END

# classify MODEL PICTURE: the label of the first class.
classify()
{
    gst-launch-1.0 -q filesrc location="$2" ! pngdec ! convnext model="$1" ! convnextpublish ! fakesink |
        sed 's/.*"classes":\[{[^}]*"label":"\([^"]*\)".*/\1/'
}

python3 draw.py shapes a 6
mkdir -p shapes/dark/deeper
mv shapes/dark/a0.png shapes/dark/deeper/
echo text >shapes/dark/notes.txt
echo 'no picture' >shapes/dark/broken.png
convnext-teach --out taught shapes >out 2>log || wrong "convnext-teach failed: $(cat log)"
grep -q '^3 classes, 18 pictures: bright 6, dark 6, stripes 6$' out || wrong "classes: $(cat out)"
grep -q '^accuracy over 5 folds: 100.0 % (100.0 100.0 100.0 100.0 100.0)$' out || wrong "folds: $(cat out)"
grep -q '^ *0 *6 *0  dark$' out || wrong "confusion: $(cat out)"
grep -q 'has learnt the faults of pictures, not things' out || wrong "no note on the bundled model"
[ "$(wc -l <log)" -eq 2 ] && grep -q 'broken.png: left out, ' log && grep -q '1 file left out .*notes.txt' log ||
    wrong "files that are no pictures: $(cat log)"
printf '%s\n' bright dark stripes | cmp -s - taught/labels.txt || wrong "labels: $(cat taught/labels.txt)"
grep -q '^| dark | 6 | 6 |$' taught/README.md && grep -q '^license: lgpl' taught/README.md ||
    wrong "the card: $(cat taught/README.md)"
grep -q -E 'multi_label|temperature|threshold|rest_class' taught/config.json && wrong "the old head's keys are kept"

# The folder runs, with the right labels for new pictures.
python3 draw.py fresh b 2
for kind in bright dark stripes; do
    label=$(classify "$work/taught" fresh/$kind/b0.png)
    [ "$label" = $kind ] || wrong "a picture of $kind is called $label"
done
convnext-inspect taught >inspected || wrong "convnext-inspect refuses the folder"

# --evaluate counts the pictures of a folder, one of them in a wrong one.
python3 draw.py labelled e 3
mv labelled/dark/e1.png labelled/bright/wrong.png
mkdir labelled/.hidden
echo 'no picture' >labelled/dark/broken.png
convnext-inspect --evaluate labelled taught >out 2>log || wrong "--evaluate: $(cat log)"
for line in 'pictures    9 of 3 classes' 'left out    1' 'accuracy    88.89 % (8 right)' \
    'recall      91.67 %, mean over the classes' '       4      75.0        100.0  bright' \
    '       2     100.0         66.7  dark' '     3     1     0     0  bright'; do
    grep -q -F -x "$line" out || wrong "--evaluate lacks '$line': $(cat out)"
done
grep -q $'^  labelled/bright/wrong.png\tdark\tbright\t' out || wrong "the wrong picture: $(cat out)"
[ "$(wc -l <log)" -eq 1 ] && grep -q 'broken.png: left out, ' log || wrong "--evaluate says: $(cat log)"
convnext-inspect --json --evaluate labelled --labels dark,bright,stripes taught 2>log | python3 -c '
import json, sys
found = json.load(sys.stdin)
assert found["pictures"] == 9 and found["left-out"] == 1 and found["right"] == 4, found
assert found["confusions"] == [{"is": "bright", "said": "dark", "pictures": 3}, {"is": "dark", "said": "bright", "pictures": 2}], found
assert [c["said"] for c in found["classes"]] == [3, 3, 3] and len(found["wrong"]) == 5, found
' || wrong "--labels turns bright and dark: $(cat log)"
CONVNEXT_CPU=c convnext-inspect --precision int8 --evaluate fresh taught 2>log >out || wrong "--precision: $(cat log)"
grep -q '^convnext-inspect: precision=int8 runs as fp32: ' log || wrong "--evaluate in int8 at level c says: $(cat log)"
refuse_evaluation()
{
    local words=$1
    shift
    expect_refusal "$words" convnext-inspect --evaluate "$@"
}
refuse_evaluation 'the folder "bright" is none of the 9 classes ("normal", "dark", ' labelled "$CONVNEXT_BUILD/model/default"
refuse_evaluation 'the folder "bright" may be one of several classes' labelled --labels bright,bright,dark taught
refuse_evaluation 'as a list it has 2 labels, but the model has 3 classes' labelled --labels a,b taught
refuse_evaluation 'labelled/dark: has no folders, expected one for each class' labelled/dark taught
mkdir -p none/bright
refuse_evaluation 'none: has no picture that can be read' none taught
refuse_evaluation '--tensors cannot be combined with --evaluate' labelled --tensors taught
expect_refusal '--labels requires --evaluate' convnext-inspect --labels a,b taught

# Embeddings are the element's, bit for bit, with the base model too. EXIF turns a JPEG.
gst-launch-1.0 -q filesrc location=shapes/bright/a0.png ! pngdec ! convnext outputs=embedding \
    ! convnextpublish location=/dev/null tensor-dir=tensors ! fakesink
python3 - "$(ls tensors/*embedding.npy)" <<'END' || wrong "the embedding differs from the element's"
import sys
rows = [line.split('\t') for line in open('taught/pictures.tsv').read().splitlines()[4:]]
index = [row[0] for row in rows].index('shapes/bright/a0.png')
kept, element = open('taught/embeddings.npy', 'rb').read(), open(sys.argv[1], 'rb').read()
size = 4 * 192
assert b"(18, 192)" in kept[:128] and len(element) > size
assert kept[128 + index * size:][:size] == element[-size:]
END
mkdir -p turned/{up,side}
for i in 1 2; do
    gst-launch-1.0 -q filesrc location=shapes/bright/a$i.png ! pngdec ! videoconvert ! jpegenc ! filesink location=turned/up/$i.jpg
    python3 - turned/up/$i.jpg turned/side/$i.jpg <<'END'
import struct, sys
data = open(sys.argv[1], 'rb').read()
exif = b'Exif\0\0II*\0\x08\0\0\0\x01\0' + struct.pack('<HHII', 0x112, 3, 1, 6) + b'\0\0\0\0'
open(sys.argv[2], 'wb').write(data[:2] + b'\xff\xe1' + struct.pack('>H', len(exif) + 2) + exif + data[2:])
END
done
convnext-teach --out turned.out turned >out 2>log || wrong "JPEG: $(cat log)"
gst-launch-1.0 -q filesrc location=turned/up/1.jpg ! jpegdec ! convnext outputs=embedding orientation=90r \
    ! convnextpublish location=/dev/null tensor-dir=turned.tensors ! fakesink
python3 - "$(ls turned.tensors/*embedding.npy)" <<'END' || wrong "EXIF does not turn a picture"
import sys
lines = open('turned.out/pictures.tsv').read().splitlines()[4:]
index = [line.split('\t')[0] for line in lines].index('turned/side/1.jpg')
kept, element = open('turned.out/embeddings.npy', 'rb').read(), open(sys.argv[1], 'rb').read()
assert kept[128 + index * 768:][:768] == element[-768:]
END

# --add gives the same folder as one run with all pictures.
python3 draw.py shapes c 2
convnext-teach --out together shapes >out 2>log || wrong "all at once: $(cat log)"
convnext-teach --add --out taught shapes >out 2>log || wrong "--add: $(cat log)"
grep -q '^embeddings of 192 numbers: 6 computed in .* s, 18 kept$' out || wrong "--add: $(cat out)"
for file in model.safetensors labels.txt embeddings.npy pictures.tsv config.json preprocessor_config.json; do
    cmp -s taught/$file together/$file || wrong "--add writes another $file"
done
convnext-teach --add --model "$CONVNEXT_BUILD/model/default" --out taught round='fresh/bright/*' \
    >out 2>log || wrong "a new class: $(cat log)"
grep -q '^4 classes, 26 pictures: bright 8, dark 8, round 2, stripes 8$' out || wrong "a new class: $(cat out)"

# Refusals: one sentence, and nothing is written.
make_broken_model nan
python3 - nan/model.safetensors <<'END'
import json, struct, sys
data = bytearray(open(sys.argv[1], 'rb').read())
length, = struct.unpack_from('<Q', data)
header = json.loads(data[8:8 + length])
name = next(n for n in header if n.endswith('layernorm.bias') and 'encoder' not in n and 'embeddings' not in n)
struct.pack_into('<H', data, 8 + length + header[name]['data_offsets'][0], 0x7e00)
open(sys.argv[1], 'wb').write(data)
END
mkdir -p one/open few/{open,shut} same/{open,shut} empty
cp shapes/dark/c*.png one/open
cp shapes/dark/c*.png few/open
cp shapes/bright/c0.png few/shut
cp shapes/dark/c*.png same/open
cp shapes/bright/c*.png same/shut
cp shapes/dark/c0.png same/shut/copy.png
python3 draw.py more d 2
segmenter=$CNX_ROOT/tests/fixtures/segmenters/facebook-upernet.pth
refuse()
{
    local words=$1
    shift
    expect_refusal "$words" convnext-teach "$@"
}
refuse '--out is missing' shapes
refuse 'the classes are missing' --out new
refuse 'taught is not empty' --out taught shapes
refuse 'found 1 class, expected 2 or more' --out new one
refuse 'has no folders, expected one for each class' --out new empty
refuse 'the class "shut" has 1 picture that can be read, expected 2 or more' --out new few
refuse 'same/shut/copy.png of class "shut" are the same picture' --out new same
refuse 'two classes are called "open"' --out new open='few/open/*' open='few/shut/*'
refuse 'shut=nothing/*: no file matches' --out new open='few/open/*' shut='nothing/*'
refuse 'is not the only source' --out new few same
refuse 'nowhere: is not a folder' --out new nowhere
refuse 'taught/nothing' --out new --model taught/nothing more
refuse 'segmentation or detection head' --out new --model "$segmenter" more
refuse 'of its embedding is nan, expected finite numbers' --out new --model nan more
refuse 'its embeddings are of another model than' --add --out taught --model "$CNX_ROOT/tests/fixtures/networks/transformers-v1" more
refuse 'pictures.tsv' --add --out few more
cp -r taught damaged
truncate -s 1000 damaged/embeddings.npy
refuse 'damaged/embeddings.npy: is not an array of finite float32 numbers' --add --out damaged more
[ ! -e new ] && [ -z "$(find . -maxdepth 1 -name 'new.*')" ] || wrong "a refused run left files: $(ls)"
exit $bad
