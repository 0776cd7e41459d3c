/* A plugin of qemu-user that counts the instructions of the emulated program and prints their
 * number when it ends. Declares the few functions of QEMU's interface that it calls, since Debian
 * has no package with the header. Build with -DVERSION=, the version of the interface: 1 up to QEMU
 * 8, then 2.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define EXPORT __attribute__((visibility("default")))

struct qemu_plugin_tb;
typedef void Translated(uint64_t id, struct qemu_plugin_tb *block);
typedef void Executed(unsigned cpu, void *data);
typedef void Ended(uint64_t id, void *data);

void qemu_plugin_register_vcpu_tb_trans_cb(uint64_t id, Translated *callback);
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *block, Executed *callback,
                                          int flags, void *data);
void qemu_plugin_register_atexit_cb(uint64_t id, Ended *callback, void *data);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *block);
void qemu_plugin_outs(const char *text);

EXPORT extern int qemu_plugin_version;
EXPORT int qemu_plugin_install(uint64_t id, const void *info, int argc, char **argv);

int qemu_plugin_version = VERSION;

static uint64_t instructions; /* of all threads; the programs counted have one */

static void on_executed(unsigned cpu, void *data)
{
    instructions += (uintptr_t)data;
}

static void on_translated(uint64_t id, struct qemu_plugin_tb *block)
{
    const size_t n = qemu_plugin_tb_n_insns(block);

    qemu_plugin_register_vcpu_tb_exec_cb(block, on_executed, 0, (void *)(uintptr_t)n);
}

static void on_ended(uint64_t id, void *data)
{
    char line[64];

    snprintf(line, sizeof line, "instructions: %llu\n", (unsigned long long)instructions);
    qemu_plugin_outs(line);
}

int qemu_plugin_install(uint64_t id, const void *info, int argc, char **argv)
{
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_translated);
    qemu_plugin_register_atexit_cb(id, on_ended, NULL);
    return 0;
}
