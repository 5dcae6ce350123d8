# SPDX-License-Identifier: GPL-2.0-only
#
# What the folders of tests share; the rest is kselftest's own lib.mk, from the
# kernel's source. Each folder's Makefile names its programs and includes this:
#
#	TEST_PROGS	scripts, run where they are
#	TEST_GEN_PROGS	C programs, built into $(BUILD)/selftests/FOLDER

ifndef BUILD
BUILD := $(abspath $(dir $(lastword $(MAKEFILE_LIST)))/../build)
endif
CACHE := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/tlsup
KSRC ?= $(CACHE)/linux-source-6.12
override OUTPUT := $(BUILD)/selftests/$(notdir $(CURDIR))
COLLECTION := $(notdir $(CURDIR))
TOP := $(abspath $(dir $(lastword $(MAKEFILE_LIST)))/..)

CFLAGS += -O2 -g -std=gnu11 -Wall -Wextra -Wno-sign-compare
CFLAGS += -Wno-missing-field-initializers -Wno-unused-parameter
CFLAGS += -I$(TOP)/include/uapi -I$(KSRC)/tools/testing/selftests

$(shell mkdir -p $(OUTPUT))

include $(KSRC)/tools/testing/selftests/lib.mk
