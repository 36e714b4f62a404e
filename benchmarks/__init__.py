"""Measurements that anybody can rerun: ratios against a bare pipeline in the same run, because machines are noisy."""
