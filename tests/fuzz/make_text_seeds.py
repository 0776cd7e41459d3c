#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Makes the folders of tests/fuzz/seeds for the targets that read texts from cameras, their servers and
their users, and the files next to the weights.

    python3 tests/fuzz/make_text_seeds.py

Run by hand; the results are committed. make_seeds.py makes those of the checkpoints.
"""
import json
import pathlib
import shutil

HERE = pathlib.Path(__file__).parent / "seeds"
END = b"\xff"  # between the parts of an input


def put(target, name, *parts):
    path = HERE / target / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(END.join(p if isinstance(p, bytes) else p.encode() for p in parts))


def make_cameras():
    put("cameras", "list", "[watch]\nmode = latest\nmetrics = 9464\n\n[door]\nsource = rtsp://cam:554/live\n"
        "latency = 100\nstall-timeout = 2.5\nreconnect-min = 1\nreconnect-max = 10\n\n"
        "[yard]\nsource = http://192.168.0.7/video?channel=1\nprotocols = tcp+udp\n# a comment\n")
    put("cameras", "sources", "", "a=rtsp://cam/1", "test:ball", "door=http://cam:8080/x")
    put("cameras", "properties", "[a]\nsource = test:smpte\ntop-k = 3\nsmoothing = majority\nsmoothing-window = 5\n"
        "region = full-frame\nthreads = 2\nthreshold = 0.5\noutputs = classes+logits\n")
    put("cameras", "times", "[watch]\nfrozen-time = 60\nsmoothing-time = 3000000000\n[a]\nsource = test:smpte\n"
        "frozen-time = 0\nsmoothing-enter = 0.8\nsmoothing-leave = 0.3\n[b]\nsource = test:ball\nfrozen-time = 86400\n")
    put("cameras", "credentials", "[a]\nsource = rtsps://[::1]:322/a?b#c\ncredentials-env = HOME\n")
    put("cameras", "login", "[a]\nsource = rtsp://user:pass@cam/live\n")
    put("cameras", "odd", "[a b]\nsource=rtspu://cam\\tlive\n[a b]\n\n[]\n", "=x", "file:///dev/null", "/dev/video0")
    put("cameras", "escapes", "[a]\nsource = test:ball\nmodel = \\q\\\n")
    put("cameras", "broken", "[a]\nsource = rtsp://cam/\nno equals sign\n")


def make_uris():
    put("uri", "plain", "secret", "rtsp://cam/live", "rtsp://CAM:554/other")
    put("uri", "login", "pa:s@s", "rtsp://user:pa%3As%40s@cam:8554/live?a=b", "rtspt://user:pa:s@s@cam/live#x")
    put("uri", "redirect", "x", "rtsp://cam/live", "rtsp://a:b@evil:554@cam/live")
    put("uri", "ipv6", "x", "rtsps://[fe80::1%25eth0]:322/a", "rtsps://[::1]/a@b")
    put("uri", "http", "x", "http://cam:80/a?user=u&password=p", "HTTPS://cam:443/")
    put("uri", "odd-port", "x", "rtsp://user:pass#word@cam/", "rtsp://cam:port/")
    put("uri", "text", "secret", "Could not connect to rtsp://a:b@c/d?e (secret): \x1b[31mred\n\u2028",
        b"\x80\xfe cut \xc3")
    put("uri", "many", "*", "://" * 40, "***://@@@?*")


def make_sdp():
    head = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=x\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\na=control:*\r\na=range:npt=0-7.5\r\n"
    video = ("m=video 0 RTP/AVP 96\r\nb=AS:5000\r\na=rtpmap:96 H264/90000\r\na=fmtp:96 packetization-mode=1;"
             "sprop-parameter-sets=Z0IAKeKQFAe2AtwEBAaQeJEV,aM48gA==\r\na=control:track1\r\na=ssrc:12345 cname:x\r\n")
    put("sdp", "video", head + video)
    put("sdp", "audio", head + video + "m=audio 0 RTP/AVP 0 97\r\na=rtpmap:97 MPEG4-GENERIC/16000\r\na=control:2\r\n")
    put("sdp", "many", head + "m=video 0 RTP/AVP 26\r\n" * 20)
    put("sdp", "attributes", head + "a=x\r\n" * 600)
    put("sdp", "times", "v=0\r\ni=a\r\nu=b\r\ne=c\r\np=d\r\nr=7d 1h 0 25h\r\nz=1 -1h 2 0\r\nk=clear:a\r\n"
        "m=video 49170/2 RTP/AVP 31 32\r\nc=IN IP4 224.2.1.1/127/3\r\nb=X-Y:128\r\nk=prompt\r\na=framesize:96 1-2\r\n")


def make_conversations():
    """Answers to OPTIONS, DESCRIBE, SETUP and PLAY, and packets."""
    options = "Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN\r\n\r\n"
    media = "m=video 0 RTP/AVP 26\r\na=control:1\r\n"

    def describe(text):
        sdp = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=x\r\nt=0 0\r\na=range:npt=now-\r\n" + text
        return f"Content-Type: application/sdp\r\nContent-Base: rtsp://x/\r\nContent-Length: {len(sdp)}\r\n\r\n{sdp}"

    setup = "Session: 1;timeout=60\r\nTransport: RTP/AVP/TCP;unicast;interleaved=0-1;ssrc=01020304\r\n\r\n"
    play = "Session: 1\r\nRTP-Info: url=rtsp://x/1;seq=1;rtptime=0\r\nRange: npt=0-\r\n\r\n"
    packet = b"$\x00\x00\x14\x80\x9a\x00\x01\x00\x00\x00\x00\x01\x02\x03\x04" + b"\x00" * 8
    control = b"$\x01\x00\x08\x81\xcb\x00\x01\x01\x02\x03\x04"  # RTCP's BYE
    put("rtsp", "play", options, describe(media), setup, play, packet, control)
    put("rtsp", "many", options, describe(media * 20))
    put("rtsp", "login", "RTSP/1.0 401 Unauthorized\r\nCSeq: 1\r\nWWW-Authenticate: Digest realm=\"x\", nonce=\"1\"\r\n\r\n")
    put("rtsp", "redirect", options, "RTSP/1.0 302 Moved\r\nCSeq: 2\r\nLocation: rtsp://127.0.0.1:1/y\r\n\r\n")
    put("rtsp", "status", "RTSP/1.0 404 \x1b[31m" + "no " * 100 + "\r\nCSeq: 1\r\n\r\n")


def make_requests():
    put("metrics", "get", "GET /metrics HTTP/1.1\r\nHost: localhost:9464\r\n\r\n")
    put("metrics", "head", "HEAD /metrics?a=b HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
    put("metrics", "post", "POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello")
    put("metrics", "escaped", "GET /me%74rics HTTP/1.1\r\nHost: [::1]:9464\r\nX:\r\n\r\n")
    put("metrics", "refused", "GET /me%trics HTTP/1.1\r\nHost: x\r\n\r\n")
    put("metrics", "chunked", "PUT / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n"
        "5\r\nhello\r\n0\r\n\r\n")
    put("metrics", "pipelined", "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\nGET /other HTTP/1.1\r\nHost: x\r\n\r\n")
    put("metrics", "range", "GET http://x/metrics HTTP/1.1\r\nHost: x\r\nRange: bytes=0-3,5-\r\n"
        "Authorization: Basic YTpi\r\nUpgrade: websocket\r\nAccept-Encoding: gzip\r\n\r\n")
    put("metrics", "odd", "OPTIONS * HTTP/9.9\n\n\x00\r\n: \r\n")
    for request in (HERE / "metrics").iterdir():
        put("request", request.name, request.read_bytes())


def make_configs():
    transformers = {"model_type": "convnext", "hidden_sizes": [8, 16, 24, 32], "depths": [1, 1, 2, 1],
                    "id2label": {"0": "a", "1": "b", "2": "c"}, "image_size": 64}
    processor = {"image_processor_type": "ConvNextImageProcessor", "size": {"shortest_edge": 224}, "crop_pct": 0.875,
                 "resample": 3, "image_mean": [0.5, 0.4, 0.3], "image_std": [0.2, 0.2, 0.2]}
    timm = {"architecture": "convnext_tiny", "num_classes": 3, "pretrained_cfg": {
        "input_size": [3, 64, 64], "crop_pct": 0.9, "crop_mode": "border", "interpolation": "bilinear",
        "mean": [0.5, 0.5, 0.5], "std": [0.5, 0.5, 0.5]}, "label_names": ["a", "b", "c"],
        "model_args": {"depths": [1, 1, 2, 1], "dims": [8, 16, 24, 32]}}
    clip = {"model_cfg": {"vision_cfg": {"timm_model_name": "convnext_base", "image_size": 320}},
            "preprocess_cfg": {"mean": [0.5, 0.4, 0.3], "std": [0.2, 0.2, 0.2], "resize_mode": "longest"}}
    put("config", "transformers", b"\x00" + json.dumps(transformers).encode(), json.dumps(processor))
    decision = dict(transformers, problem_type="multi_label_classification", temperature=[1.5, 0.5, 2],
                    threshold=[0.5, 0.25, 1], rest_class="b")
    put("config", "decision", b"\x00" + json.dumps(decision).encode())
    put("config", "decision-scalar", b"\x04" + json.dumps(
        dict(transformers, problem_type="single_label_classification", temperature=2.5)).encode())
    put("config", "decision-types", b"\x04" + json.dumps(dict(decision, temperature=[1, -99999999999999999999, "1"],
                                                              threshold=0.5, rest_class=["b"])).encode())
    put("config", "backbone", b"\x04" + json.dumps({"model_type": "upernet", "backbone_config": transformers}).encode(),
        json.dumps(dict(processor, image_processor_type="ViTImageProcessor", do_resize=False)))
    put("config", "timm", b"\x01" + json.dumps(timm).encode())
    put("config", "timm-labels", b"\x05" + json.dumps({"architecture": "convnext_tiny"}).encode(), "", "",
        "cat\ndog\nbird\n")
    put("config", "open-clip", b"\x02", "", json.dumps(clip), "0: a\n1: b\n2: c\n")
    put("config", "other", b"\x00" + b'{"architecture": "resnet50"}', json.dumps({"feature_extractor_type": "Levit"}))
    put("config", "labels", b"\x04", "", "", '{"id2label": {"0": "a", "1": "b", "2": "c"}}')


def make_label_files():
    put("labels", "numbered", "0 cat\n1 dog\n2 bird\n")
    put("labels", "csv", "index,name\n0,cat\n1,dog\n")
    put("labels", "semicolons", "cat;dog;bird")
    put("labels", "mac", "cat\rdog\rbird\r")
    put("labels", "synsets", "n01440764 tench\nn01443537 goldfish, Carassius auratus\n")
    put("labels", "json-list", '["cat", "dog"]')
    put("labels", "json-object", '{"0": "cat", "1": "dog"}')
    put("labels", "json-inverse", '{"label2id": {"cat": 0, "dog": 1}}')
    put("labels", "utf16", "\ufeffcat\ndog\n".encode("utf-16-le"))
    put("labels", "utf16-big", b"\xfe\xff" + "cat\ndog\n".encode("utf-16-be"))


def main():
    for target in ("cameras", "uri", "sdp", "metrics", "config", "request", "rtsp"):
        shutil.rmtree(HERE / target, ignore_errors=True)
    make_cameras()
    make_uris()
    make_sdp()
    make_conversations()
    make_requests()
    make_configs()
    make_label_files()


if __name__ == "__main__":
    main()
