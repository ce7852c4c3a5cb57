"""The dashboard's pages and panels. Only they import streamlit."""
